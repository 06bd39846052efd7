/**
 * GSM 7 bit default alphabet (3GPP TS 23.038 §6.2.1), to know how long a text is before a wire encodes it.
 * Characters of the extension table cost two septets.
 */
const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
const EXTENDED = new Set('^{}\\[~]|€\f');

/** How much room a text takes, in the unit of its alphabet: septets, or UTF-16 units for everything else. */
export interface TextSize {
  readonly alphabet: 'gsm' | 'ucs2';
  readonly units: number;
}

export function sizeOf(text: string): TextSize {
  let septets = 0;
  for (const character of text) {
    if (BASIC.has(character)) septets += 1;
    else if (EXTENDED.has(character)) septets += 2;
    else return { alphabet: 'ucs2', units: text.length };
  }
  return { alphabet: 'gsm', units: septets };
}

/** Short message parts the text needs: 160 or 70 alone, 153 or 67 each when concatenated (8-bit reference). */
export function smsParts(text: string): number {
  const { alphabet, units } = sizeOf(text);
  const [alone, joined] = alphabet === 'gsm' ? [160, 153] : [70, 67];
  return units <= alone ? 1 : Math.ceil(units / joined);
}
