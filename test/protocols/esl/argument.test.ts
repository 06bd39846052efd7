import { expect } from 'chai';
import fc from 'fast-check';
import { FILES_MAX, fileString, isExtension, isSafeLine, isUuid } from '../../../protocols/esl/argument.ts';

const DANGEROUS = ['\r', '\n', '\0', '$', '"', "'", '\\', ',', '{', '}', '`', '\u0416', '\u00e9'];

describe('what we write to FreeSWITCH', () => {
  it('never contains a character that ends a header, expands a variable or closes a quote', () => {
    for (const bad of DANGEROUS) {
      expect(isSafeLine(`execute-app-arg: a${bad}b`), JSON.stringify(bad)).to.equal(false);
      expect(fileString([`a${bad}b.wav`]), JSON.stringify(bad)).to.equal(undefined);
      expect(isExtension(`1${bad}0`), JSON.stringify(bad)).to.equal(false);
      expect(isUuid(`a${bad}b`), JSON.stringify(bad)).to.equal(false);
    }
  });

  it('is refused for any text with such a character, wherever it stands', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...DANGEROUS), fc.string(), (before, bad, after) => {
        expect(isSafeLine(before + bad + after)).to.equal(false);
        expect(fileString([before + bad + after])).to.equal(undefined);
      }),
      { seed: 20261126 },
    );
  });

  it('plays several files as one, but not from outside the sound folder', () => {
    expect(fileString(['/s/en/a.wav'])).to.equal('/s/en/a.wav');
    expect(fileString(['/s/a.wav', '/s/b.wav'])).to.equal('file_string:///s/a.wav!/s/b.wav');
    for (const files of [
      [],
      ['/s/../etc/passwd'],
      ['a!b'],
      ['tone_stream://x'],
      ['a b'],
      Array<string>(FILES_MAX + 1).fill('a'),
    ]) {
      expect(fileString(files), files.join()).to.equal(undefined);
    }
  });
});
