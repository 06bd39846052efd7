/** GSM 7-bit default alphabet (3GPP TS 23.038 §6.2.1), by septet; 0x1B is the escape. */
const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅå' +
  'Δ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ' +
  ' !"#¤%&\'()*+,-./' +
  '0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNO' +
  'PQRSTUVWXYZÄÖÑÜ§' +
  '¿abcdefghijklmno' +
  'pqrstuvwxyzäöñüà';

/** Extension table (§6.2.1.1): what follows the escape. */
const EXTENSION: readonly (readonly [septet: number, char: string])[] = [
  [0x0a, '\f'],
  [0x14, '^'],
  [0x28, '{'],
  [0x29, '}'],
  [0x2f, '\\'],
  [0x3c, '['],
  [0x3d, '~'],
  [0x3e, ']'],
  [0x40, '|'],
  [0x65, '€'],
];

const ESCAPE = 0x1b;
const extended = new Map(EXTENSION);
const septetsOf = new Map<string, readonly number[]>([
  ...Array.from(BASIC, (char, septet) => [char, [septet]] as const).filter(([char]) => char !== '\u001b'),
  ...EXTENSION.map(([septet, char]) => [char, [ESCAPE, septet]] as const),
]);

/** One septet per octet, as SMPP carries it; one or two for a character, undefined when the alphabet lacks it. */
export function gsmSeptets(char: string): readonly number[] | undefined {
  return septetsOf.get(char);
}

/** True when every character exists in the alphabet: nothing would have to be substituted. */
export function isGsm(text: string): boolean {
  for (const char of text) if (!septetsOf.has(char)) return false;
  return true;
}

/** The text as octets, or undefined when a character is missing from the alphabet. */
export function encodeGsm(text: string): Buffer | undefined {
  const octets: number[] = [];
  for (const char of text) {
    const septets = septetsOf.get(char);
    if (septets === undefined) return undefined;
    octets.push(...septets);
  }
  return Buffer.from(octets);
}

/**
 * Octets as text. An escape before an unknown septet reads as that septet of the default table, a last escape as a
 * space (§6.2.1.1 note 1); octets above 0x7F are no septets and read as U+FFFD.
 */
export function decodeGsm(octets: Buffer): string {
  let text = '';
  for (let at = 0; at < octets.length; at++) {
    let septet = octets[at]!;
    if (septet === ESCAPE) {
      at += 1;
      if (at === octets.length) return `${text} `;
      septet = octets[at]!;
      const char = extended.get(septet);
      if (char !== undefined) {
        text += char;
        continue;
      }
      if (septet === ESCAPE) septet = 0x20;
    }
    text += septet > 0x7f ? '\ufffd' : BASIC[septet]!;
  }
  return text;
}
