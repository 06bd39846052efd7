import type { OutgoingCoding } from './outgoing.ts';

/** How an SMSC wants long messages: header with 8-bit or 16-bit reference, SAR TLVs, or one message_payload. */
export const CONCATENATIONS = ['udh8', 'udh16', 'sar', 'payload'] as const;
export type Concatenation = (typeof CONCATENATIONS)[number];

/** A concatenated message has at most 255 parts (3GPP TS 23.040 §9.2.3.24.1). */
const PARTS_MAX = 255;

/** Longest message_payload that its TLV can carry. */
const PAYLOAD_OCTETS_MAX = 0xffff;

/**
 * Characters of one part: a short message has 140 octets, of which a header takes 6 (8-bit reference; SAR becomes
 * one at the SMSC) or 7 (16-bit): 153 or 152 septets, 67 or 66 UCS2 units.
 */
const PART_LENGTH = {
  default: { whole: 160, udh8: 153, udh16: 152, sar: 153, payload: 160 },
  ucs2: { whole: 70, udh8: 67, udh16: 66, sar: 67, payload: 70 },
} as const;

/**
 * Cuts a text into the octets of its parts, never inside an escape pair or a surrogate pair. One part when it fits a
 * short message or goes as message_payload. Undefined when it is too long for the way it would go.
 */
export function splitText(
  text: string,
  coding: OutgoingCoding,
  concatenation: Concatenation,
): readonly Buffer[] | undefined {
  const lengths = PART_LENGTH[coding.name];
  const whole = cut(text, coding, lengths.whole);
  if (whole.length === 1) return [coding.encode(text)];
  if (concatenation === 'payload') {
    const octets = coding.encode(text);
    return octets.length > PAYLOAD_OCTETS_MAX ? undefined : [octets];
  }
  const parts = cut(text, coding, lengths[concatenation]);
  return parts.length > PARTS_MAX ? undefined : parts.map((part) => coding.encode(part));
}

function cut(text: string, coding: OutgoingCoding, length: number): string[] {
  const parts: string[] = [];
  let part = '';
  let used = 0;
  for (const char of text) {
    const cost = coding.cost(char);
    if (used + cost > length) {
      parts.push(part);
      part = '';
      used = 0;
    }
    part += char;
    used += cost;
  }
  parts.push(part);
  return parts;
}
