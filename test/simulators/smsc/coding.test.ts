import { expect } from 'chai';
import fc from 'fast-check';
import { codeText, decodeGsm, encodeGsm } from '../../../simulators/smsc/coding.ts';

const text = (dataCoding: number, octets: Buffer): string =>
  dataCoding === 0 ? decodeGsm(octets) : Buffer.from(octets).swap16().toString('utf16le');

describe('the handset alphabet', () => {
  it('writes the euro sign and brackets as escape pairs, and knows no Cyrillic', () => {
    expect(encodeGsm('€[x]')?.toString('hex')).to.equal('1b651b3c781b3e');
    expect(encodeGsm('@')?.toString('hex')).to.equal('00');
    expect(encodeGsm('Да')).to.equal(undefined);
  });

  it('reads an unknown escape as the plain character, as handsets do', () => {
    expect(decodeGsm(Buffer.from([0x1b, 0x41]))).to.equal('A');
  });

  it('keeps 160 GSM or 70 UCS2 characters in one message and splits the next one', () => {
    expect(codeText('a'.repeat(160), 1).parts).to.have.lengthOf(1);
    expect(codeText('a'.repeat(161), 1).parts.map(({ octets }) => octets.length)).to.deep.equal([153, 8]);
    expect(codeText('я'.repeat(70), 1).parts).to.have.lengthOf(1);
    expect(codeText('я'.repeat(71), 1).parts.map(({ octets }) => octets.length)).to.deep.equal([134, 8]);
  });

  it('numbers the parts and gives them one reference', () => {
    const headers = codeText('a'.repeat(400), 0x1a7).parts.map(({ udh }) => udh?.toString('hex'));
    expect(headers).to.deep.equal(['050003a70301', '050003a70302', '050003a70303']);
  });

  it('gives every text back from its parts, none longer than a message and none cut inside a character', () => {
    const gsm = fc.array(fc.constantFrom('a', '€', '[', '@', '\n'), { minLength: 60, maxLength: 400 });
    const ucs2 = fc.array(fc.constantFrom('a', '€', 'я', '😀'), { minLength: 30, maxLength: 300 });
    fc.assert(
      fc.property(fc.oneof(gsm, ucs2), (units) => {
        const whole = units.join('');
        const { dataCoding, parts } = codeText(whole, 7);
        const pieces = parts.map(({ octets }) => text(dataCoding, octets));
        expect(pieces.join('')).to.equal(whole);
        for (const [at, { octets, udh }] of parts.entries()) {
          const [alone, inParts] = dataCoding === 0 ? [160, 153] : [140, 134];
          expect(octets.length).to.be.at.most(udh === undefined ? alone : inParts);
          expect(pieces[at]).not.to.match(/\p{Surrogate}/u);
          if (dataCoding === 0) expect(octets.at(-1)).not.to.equal(0x1b);
        }
      }),
      { numRuns: 200 },
    );
  });
});
