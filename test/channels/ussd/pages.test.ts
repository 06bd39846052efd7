import { expect } from 'chai';
import fc from 'fast-check';
import { fits, paginate } from '../../../src/channels/ussd/pages.ts';

const FOOTERS = { last: ['0 Back'], more: ['99 More', '0 Back'] };

describe('pages of a screen', () => {
  it('are one when the text fits, to the last character', () => {
    const text = 'x'.repeat(182 - '\n0 Back'.length);
    expect(paginate(text, FOOTERS, { gsm: 182, ucs2: 80 })).to.deep.equal([`${text}\n0 Back`]);
    expect(paginate(`${text}x`, FOOTERS, { gsm: 182, ucs2: 80 }).length).to.equal(2);
  });

  it('break between lines, or between words of a line that is too long', () => {
    expect(paginate('one\ntwo\nthree\nfour', FOOTERS, { gsm: 22, ucs2: 22 })).to.deep.equal([
      'one\ntwo\n99 More\n0 Back',
      'three\nfour\n0 Back',
    ]);
    expect(paginate('a few words here', { last: [], more: ['99'] }, { gsm: 10, ucs2: 10 })).to.deep.equal([
      'a few\n99',
      'words\nhere',
    ]);
  });

  it('count what the alphabet of each page counts', () => {
    expect(paginate('[[[[[', { last: [], more: ['9'] }, { gsm: 10, ucs2: 5 })).to.deep.equal(['[[[[[']);
    expect(paginate('ыыыыыы', { last: [], more: ['9'] }, { gsm: 10, ucs2: 5 })).to.deep.equal([
      'ыыы\n9',
      'ыыы',
    ]);
  });

  it('always fit, and lose nothing', () => {
    const line = fc.string({
      unit: fc.constantFrom('a', 'B', '1', ' ', 'ы', '€', '[', '😀'),
      maxLength: 120,
    });
    const limits = fc.record({
      gsm: fc.integer({ min: 30, max: 182 }),
      ucs2: fc.integer({ min: 30, max: 80 }),
    });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), limits, (lines, limit) => {
        const text = lines.join('\n');
        const pages = paginate(text, FOOTERS, limit);
        for (const page of pages) expect(fits(page, limit), page).to.equal(true);
        const shown = pages.map((page, at) => page.slice(0, -(at === pages.length - 1 ? 7 : 15))).join('');
        expect(shown.replace(/\s/g, '')).to.equal(text.replace(/\s/g, ''));
      }),
      { numRuns: 500 },
    );
  });
});
