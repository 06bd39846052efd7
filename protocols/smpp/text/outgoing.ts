import type { DefaultAlphabet } from './coding.ts';
import { encodeGsm, gsmSeptets, isGsm } from './gsm.ts';
import { encodeUcs2 } from './ucs2.ts';

/** How a text goes out: its data_coding and how characters become octets and count against a part's length. */
export interface OutgoingCoding {
  readonly name: 'default' | 'ucs2';
  readonly dataCoding: number;
  /** Octets of one character. */
  encode(text: string): Buffer;
  /** Septets (default alphabet) or UTF-16 units that one character takes of a part. */
  cost(char: string): number;
}

const UCS2: OutgoingCoding = {
  name: 'ucs2',
  dataCoding: 8,
  encode: encodeUcs2,
  cost: (char) => char.length,
};

/**
 * Chooses the coding that loses nothing: the bind's default alphabet as data_coding 0 when it has every character,
 * else UCS2. The SMSC turns a Latin-1 or ASCII default into GSM for the air interface, so a character must exist
 * in both and counts its septets.
 */
export function chooseCoding(text: string, alphabet: DefaultAlphabet): OutgoingCoding {
  return isGsm(text) && fits(text, alphabet) ? defaultCoding(alphabet) : UCS2;
}

function fits(text: string, alphabet: DefaultAlphabet): boolean {
  if (alphabet === 'gsm') return true;
  const highest = alphabet === 'latin1' ? 0xff : 0x7f;
  for (const char of text) if (char.charCodeAt(0) > highest) return false;
  return true;
}

function defaultCoding(alphabet: DefaultAlphabet): OutgoingCoding {
  return {
    name: 'default',
    dataCoding: 0,
    encode: (text) => (alphabet === 'gsm' ? encodeGsm(text)! : Buffer.from(text, 'latin1')),
    cost: (char) => gsmSeptets(char)!.length,
  };
}
