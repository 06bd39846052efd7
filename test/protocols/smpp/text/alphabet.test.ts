import { expect } from 'chai';
import fc from 'fast-check';
import { decodeText, decodeUssd } from '../../../../protocols/smpp/text/coding.ts';
import { decodeGsm, encodeGsm, gsmSeptets, isGsm } from '../../../../protocols/smpp/text/gsm.ts';
import { chooseCoding } from '../../../../protocols/smpp/text/outgoing.ts';
import { decodeUcs2, encodeUcs2 } from '../../../../protocols/smpp/text/ucs2.ts';

const hex = (octets: string): Buffer => Buffer.from(octets, 'hex');

describe('the GSM alphabet', () => {
  const everyChar = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code)).filter(
    (char) => gsmSeptets(char) !== undefined,
  );

  it('has 127 characters and ten behind the escape', () => {
    expect(everyChar.filter((char) => gsmSeptets(char)!.length === 1)).to.have.length(127);
    expect(everyChar.filter((char) => gsmSeptets(char)!.length === 2)).to.have.length(10);
  });

  it('reads what it wrote', () => {
    const text = fc.string({ unit: fc.constantFrom(...everyChar), maxLength: 200, size: 'max' });
    fc.assert(fc.property(text, (value) => void expect(decodeGsm(encodeGsm(value)!)).to.equal(value)));
  });

  it('knows the landmarks of the table', () => {
    expect(decodeGsm(hex('0002101b651b3c7b7f1b28'))).to.equal('@$Δ€[äà{');
  });

  it('shows the plain character after an unknown escape, and a space for a last one', () => {
    expect(decodeGsm(hex('1b41'))).to.equal('A');
    expect(decodeGsm(hex('411b'))).to.equal('A ');
    expect(decodeGsm(hex('1b1b'))).to.equal(' ');
  });

  it('never substitutes: what it lacks is refused', () => {
    expect(encodeGsm('Да!')).to.equal(undefined);
    expect(isGsm('`')).to.equal(false);
  });
});

describe('UCS2', () => {
  it('carries any text, emoji too', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        (text) => void expect(decodeUcs2(encodeUcs2(text))).to.equal(text),
      ),
    );
    expect(encodeUcs2('Я😀').toString('hex')).to.equal('042fd83dde00');
  });

  it('drops half a character at the end', () => {
    expect(decodeUcs2(hex('042f04'))).to.equal('Я');
  });
});

describe('data_coding of an MO', () => {
  const cases: [number, string, string][] = [
    [0x00, '0041', '@A'],
    [0x01, '4041', '@A'],
    [0x03, 'e941', 'éA'],
    [0x06, 'b4d0', 'Да'],
    [0x08, '041404300021', 'Да!'],
    [0x0f, '0041', '@A'],
    [0x10, '0041', '@A'],
    [0x18, '0414', 'Д'],
    [0xf0, '0041', '@A'],
    [0x04, '48656c6c6f', 'Hello'],
    [0x04, '00ff', ''],
    [0xf5, '00ff', ''],
  ];
  for (const [dataCoding, octets, text] of cases) {
    it(`0x${dataCoding.toString(16)} with ${octets} reads ${JSON.stringify(text)}`, () => {
      expect(decodeText(hex(octets), dataCoding, 'gsm')).to.equal(text);
    });
  }

  it('0 means what the bind agreed on', () => {
    expect(decodeText(hex('40e9'), 0, 'latin1')).to.equal('@é');
    expect(decodeText(hex('40'), 0, 'ascii')).to.equal('@');
    expect(decodeText(hex('40'), 0, 'gsm')).to.equal('¡');
  });
});

describe('data_coding of a USSD string', () => {
  const cases: [number, string, string][] = [
    [0x0f, '2a31303023', '*100#'],
    [0x48, '0414', 'Д'],
    [0x11, '0414', 'Д'],
    [0x44, '2a31', '*1'],
    [0x00, '2a31', '*1'],
    [0x08, '0414', 'Д'],
    [0x01, '2a31', '*1'],
  ];
  for (const [dataCoding, octets, text] of cases) {
    it(`0x${dataCoding.toString(16)} with ${octets} reads ${text}`, () => {
      expect(decodeUssd(hex(octets), dataCoding, 'gsm')).to.equal(text);
    });
  }

  it('0x11 may have a language in front', () => {
    expect(decodeUssd(hex('f23a0414'), 0x11, 'gsm', true)).to.equal('Д');
  });
});

describe('the coding of a text of ours', () => {
  it('is the default alphabet as data_coding 0 when nothing gets lost', () => {
    const coding = chooseCoding('Balance: 5€', 'gsm');
    expect(coding.dataCoding).to.equal(0);
    expect(coding.encode('5€').toString('hex')).to.equal('351b65');
  });

  it('is UCS2 as soon as one character is missing', () => {
    expect(chooseCoding('Баланс', 'gsm').dataCoding).to.equal(8);
    expect(chooseCoding('don`t', 'gsm').dataCoding).to.equal(8);
  });

  it('needs the character in the default alphabet and in GSM', () => {
    expect(chooseCoding('é', 'latin1').dataCoding).to.equal(0);
    expect(chooseCoding('é', 'latin1').encode('é').toString('hex')).to.equal('e9');
    expect(chooseCoding('Ω', 'latin1').dataCoding).to.equal(8);
    expect(chooseCoding('é', 'ascii').dataCoding).to.equal(8);
    expect(chooseCoding('©', 'latin1').dataCoding).to.equal(8);
  });
});
