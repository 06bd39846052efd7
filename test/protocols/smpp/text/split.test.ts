import { expect } from 'chai';
import fc from 'fast-check';
import { decodeGsm } from '../../../../protocols/smpp/text/gsm.ts';
import { chooseCoding } from '../../../../protocols/smpp/text/outgoing.ts';
import { CONCATENATIONS, splitText } from '../../../../protocols/smpp/text/split.ts';
import { concatenationHeader, parseUserData } from '../../../../protocols/smpp/text/udh.ts';
import { decodeUcs2 } from '../../../../protocols/smpp/text/ucs2.ts';

const lengths = (text: string, way: (typeof CONCATENATIONS)[number]): number[] | undefined =>
  splitText(text, chooseCoding(text, 'gsm'), way)?.map(({ length }) => length);

describe('splitting', () => {
  it('leaves 160 GSM and 70 UCS2 characters whole', () => {
    for (const way of CONCATENATIONS) {
      expect(lengths('a'.repeat(160), way)).to.deep.equal([160]);
      expect(lengths('я'.repeat(70), way)).to.deep.equal([140]);
    }
  });

  it('makes parts of 153 and 67, one less with a 16-bit reference', () => {
    expect(lengths('a'.repeat(307), 'udh8')).to.deep.equal([153, 153, 1]);
    expect(lengths('a'.repeat(307), 'sar')).to.deep.equal([153, 153, 1]);
    expect(lengths('a'.repeat(305), 'udh16')).to.deep.equal([152, 152, 1]);
    expect(lengths('я'.repeat(135), 'udh8')).to.deep.equal([134, 134, 2]);
    expect(lengths('я'.repeat(133), 'udh16')).to.deep.equal([132, 132, 2]);
  });

  it('sends one payload where the profile says so', () => {
    expect(lengths('a'.repeat(1_000), 'payload')).to.deep.equal([1_000]);
    expect(lengths('я'.repeat(40_000), 'payload')).to.equal(undefined);
  });

  it('never cuts an escape pair or a surrogate pair, and loses nothing', () => {
    const gsm = fc.string({ unit: fc.constantFrom('a', '€', '@', '{'), maxLength: 700, size: 'max' });
    const ucs2 = fc.string({ unit: fc.constantFrom('я', '😀', 'a'), maxLength: 400, size: 'max' });
    fc.assert(
      fc.property(fc.oneof(gsm, ucs2), fc.constantFrom('udh8', 'udh16', 'sar'), (text, way) => {
        const coding = chooseCoding(text, 'gsm');
        const parts = splitText(text, coding, way)!;
        const read = coding.name === 'ucs2' ? decodeUcs2 : decodeGsm;
        expect(parts.map(read).join('')).to.equal(text);
        // With a header of 6 or 7 octets every part still has to fit 140 octets; a septet is 7/8 of one.
        const header = parts.length === 1 ? 0 : way === 'udh16' ? 7 : 6;
        const room = coding.name === 'ucs2' ? 140 - header : Math.floor(((140 - header) * 8) / 7);
        for (const part of parts) {
          expect(part.length).to.be.at.most(room);
          expect(part.at(-1)).to.not.equal(0x1b);
          if (coding.name === 'ucs2' && part.length > 0) {
            expect(part.readUInt16BE(part.length - 2) & 0xfc00).to.not.equal(0xd800);
          }
        }
      }),
    );
  });

  it('refuses more than 255 parts', () => {
    expect(lengths('a'.repeat(153 * 255), 'udh8')).to.have.length(255);
    expect(lengths('a'.repeat(153 * 255 + 1), 'udh8')).to.equal(undefined);
  });
});

describe('the user data header', () => {
  it('reads what it wrote', () => {
    const number = fc.integer({ min: 1, max: 255 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), number, number, fc.boolean(), (reference, a, b, wide) => {
        const part = { reference, total: Math.max(a, b), number: Math.min(a, b) };
        const data = Buffer.concat([concatenationHeader(part, wide), Buffer.from('text')]);
        expect(parseUserData(data)).to.deep.equal({ part: { ...part, wide }, octets: Buffer.from('text') });
      }),
    );
  });

  it('finds the concatenation among other elements', () => {
    const data = Buffer.from('0b05040b8423f00003070201', 'hex');
    expect(parseUserData(data)?.part).to.deep.equal({ reference: 7, total: 2, number: 1, wide: false });
  });

  for (const [name, octets] of [
    ['longer than the data', '0a000301020141'],
    ['an element past its end', '0500090102014142'],
    ['an element without length', '0100'],
    ['no octet at all', ''],
  ]) {
    it(`is refused: ${name}`, () => {
      expect(parseUserData(Buffer.from(octets!, 'hex'))).to.equal(undefined);
    });
  }

  it('counts part 0, or a part above the total, as no concatenation', () => {
    expect(parseUserData(Buffer.from('05000301020041', 'hex'))?.part).to.equal(undefined);
    expect(parseUserData(Buffer.from('05000301020341', 'hex'))?.part).to.equal(undefined);
  });
});
