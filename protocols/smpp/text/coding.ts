import { decodeGsm } from './gsm.ts';
import { decodeUcs2 } from './ucs2.ts';

/** What an SMSC means by data_coding 0: its "SMSC default alphabet", agreed per bind. */
export const DEFAULT_ALPHABETS = ['gsm', 'latin1', 'ascii'] as const;
export type DefaultAlphabet = (typeof DEFAULT_ALPHABETS)[number];

type Alphabet = DefaultAlphabet | 'ucs2' | 'binary' | 'iso-8859-5' | 'iso-8859-8';

/** data_coding 0x00..0x0F (SMPP 3.4 §5.2.19), then the SMS groups of 3GPP TS 23.038 §4. */
function smsAlphabet(dataCoding: number, fallback: DefaultAlphabet): Alphabet {
  switch (dataCoding) {
    case 0x00:
      return fallback;
    case 0x01:
      return 'ascii';
    case 0x03:
      return 'latin1';
    case 0x06:
      return 'iso-8859-5';
    case 0x07:
      return 'iso-8859-8';
    case 0x08:
      return 'ucs2';
    case 0x0f:
      return 'gsm';
    default:
      if (dataCoding < 0x10) return 'binary';
      if (dataCoding < 0x40) return byBits(dataCoding);
      if (dataCoding >= 0xf0) return (dataCoding & 0x04) === 0 ? 'gsm' : 'binary';
      return 'binary';
  }
}

/** Bits 3 and 2 of a general data coding group (3GPP TS 23.038 §4 and §5). */
function byBits(dataCoding: number): Alphabet {
  const bits = dataCoding & 0x0c;
  if (bits === 0x08) return 'ucs2';
  return bits === 0x04 ? 'binary' : 'gsm';
}

function decodeAs(alphabet: Alphabet, octets: Buffer): string {
  switch (alphabet) {
    case 'gsm':
      return decodeGsm(octets);
    case 'ucs2':
      return decodeUcs2(octets);
    case 'ascii':
    case 'latin1':
      return octets.toString('latin1');
    case 'binary':
      return printable(octets) ? octets.toString('latin1') : '';
    case 'iso-8859-5':
    case 'iso-8859-8':
      return new TextDecoder(alphabet).decode(octets);
  }
}

/** Some centres label text as binary: printable ASCII is read, anything else is no text. */
function printable(octets: Buffer): boolean {
  return octets.every((octet) => (octet >= 0x20 && octet < 0x7f) || octet === 0x0a || octet === 0x0d);
}

/** The octets of a short message as text, by its data_coding and the bind's default alphabet. */
export function decodeText(octets: Buffer, dataCoding: number, fallback: DefaultAlphabet): string {
  return decodeAs(smsAlphabet(dataCoding, fallback), octets);
}

/**
 * The octets of a USSD string as text. Cell broadcast codings (3GPP TS 23.038 §5: 0x0F GSM, 0x48 UCS2, 0x44 8-bit,
 * 0x10 and 0x11 GSM and UCS2 after a language) beside 0 and 8, which other centres use for the same.
 *
 * `languagePrefix`: whether this centre really puts the language in front of 0x10 and 0x11; many do not.
 */
export function decodeUssd(
  octets: Buffer,
  dataCoding: number,
  fallback: DefaultAlphabet,
  languagePrefix = false,
): string {
  switch (dataCoding) {
    case 0x10:
      return decodeGsm(languagePrefix ? octets.subarray(3) : octets);
    case 0x11:
      return decodeUcs2(languagePrefix ? octets.subarray(2) : octets);
    case 0x44:
      return octets.toString('latin1');
    default:
      if (dataCoding >= 0x40 && dataCoding < 0x80) return decodeAs(byBits(dataCoding), octets);
      return decodeAs(smsAlphabet(dataCoding, fallback), octets);
  }
}
