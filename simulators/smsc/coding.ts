/**
 * Alphabets of short messages as the SMSC sees them, written apart from the gateway's own codec so that a mistake in
 * one cannot hide in the other (3GPP TS 23.038 §6.2.1, TS 23.040 §9.2.3.24).
 */

const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const EXTENSION: Readonly<Record<string, number>> = {
  '\f': 0x0a,
  '^': 0x14,
  '{': 0x28,
  '}': 0x29,
  '\\': 0x2f,
  '[': 0x3c,
  '~': 0x3d,
  ']': 0x3e,
  '|': 0x40,
  '€': 0x65,
};
const ESCAPE = 0x1b;
const EXTENSION_BACK = new Map(Object.entries(EXTENSION).map(([char, octet]) => [octet, char]));

/** Septets of the GSM default alphabet, one an octet; undefined when a character is outside of it. */
export function encodeGsm(text: string): Buffer | undefined {
  const octets: number[] = [];
  for (const char of text) {
    const basic = char === '\u001b' ? -1 : BASIC.indexOf(char);
    const extended = EXTENSION[char];
    if (basic >= 0) octets.push(basic);
    else if (extended !== undefined) octets.push(ESCAPE, extended);
    else return undefined;
  }
  return Buffer.from(octets);
}

/** Reads GSM default alphabet octets; an unknown escape shows the plain character, as handsets do. */
export function decodeGsm(octets: Buffer): string {
  let text = '';
  for (let at = 0; at < octets.length; at++) {
    const octet = octets[at]! & 0x7f;
    if (octet !== ESCAPE) {
      text += BASIC[octet] ?? ' ';
      continue;
    }
    at++;
    const next = octets[at];
    if (next !== undefined) text += EXTENSION_BACK.get(next) ?? BASIC[next & 0x7f] ?? ' ';
  }
  return text;
}

/** One user data field on its way: octets plus the UDH in front of them when there are several parts. */
export interface CodedPart {
  readonly udh: Buffer | undefined;
  readonly octets: Buffer;
}

export interface CodedText {
  /** 0 GSM default alphabet, 8 UCS2. */
  readonly dataCoding: 0 | 8;
  readonly parts: readonly CodedPart[];
}

/**
 * Encodes a text the way a handset does: GSM when every character fits, else UCS2; 160/70 characters alone, 153/67 in
 * parts with an 8-bit concatenation header. Neither an escape pair nor a surrogate pair is cut.
 */
export function codeText(text: string, reference: number): CodedText {
  const gsm = encodeGsm(text);
  if (gsm !== undefined) return { dataCoding: 0, parts: inParts(cutGsm(gsm), reference) };
  const ucs2 = Buffer.from(text, 'utf16le').swap16();
  return { dataCoding: 8, parts: inParts(cutUcs2(ucs2), reference) };
}

function cutGsm(octets: Buffer): Buffer[] {
  if (octets.length <= 160) return [octets];
  return cut(octets, 153, (end) => (octets[end - 1] === ESCAPE ? end - 1 : end));
}

function cutUcs2(octets: Buffer): Buffer[] {
  if (octets.length <= 140) return [octets];
  const endsInHighSurrogate = (end: number): boolean => (octets[end - 2]! & 0xfc) === 0xd8;
  return cut(octets, 134, (end) => (endsInHighSurrogate(end) ? end - 2 : end));
}

function cut(octets: Buffer, size: number, adjust: (end: number) => number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let start = 0; start < octets.length;) {
    const full = start + size;
    const end = full >= octets.length ? octets.length : adjust(full);
    pieces.push(octets.subarray(start, end));
    start = end;
  }
  return pieces;
}

function inParts(pieces: readonly Buffer[], reference: number): CodedPart[] {
  if (pieces.length === 1) return [{ udh: undefined, octets: pieces[0]! }];
  return pieces.map((octets, at) => ({
    udh: Buffer.from([5, 0, 3, reference & 0xff, pieces.length, at + 1]),
    octets,
  }));
}
