import { expect } from 'chai';
import fc from 'fast-check';
import { countEdits, suggest } from '../../../src/runtime/config/suggest.ts';

describe('did you mean', () => {
  it('counts what a typing person gets wrong', () => {
    expect(countEdits('port', 'port')).to.equal(0);
    expect(countEdits('prot', 'port'), 'two neighbours swapped').to.equal(1);
    expect(countEdits('hots', 'host')).to.equal(1);
    expect(countEdits('hst', 'host')).to.equal(1);
    expect(countEdits('', 'host')).to.equal(4);
  });

  it('suggests the nearest word, and none when all are far', () => {
    expect(suggest('programe', ['programme', 'smpp'])).to.equal('programme');
    expect(suggest('Smpp', ['programme', 'smpp'])).to.equal('smpp');
    expect(suggest('banana', ['programme', 'smpp'])).to.equal(undefined);
  });

  it('is a distance', () => {
    const word = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(countEdits(a, b)).to.equal(countEdits(b, a));
        expect(countEdits(a, b) === 0).to.equal(a === b);
        expect(countEdits(a, b)).to.be.at.most(Math.max(a.length, b.length));
      }),
    );
  });
});
