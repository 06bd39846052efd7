/** esm_class bit: the user data begins with a header (SMPP 3.4 §5.2.12). */
export const ESM_UDHI = 0x40;

/** Where a message stands in a concatenated one: reference, number of parts, this part's number from 1. */
export interface PartOf {
  readonly reference: number;
  readonly total: number;
  readonly number: number;
}

/** `wide`: the 16-bit reference; two spaces of references that must not be mixed. */
export interface UserData {
  readonly part: (PartOf & { readonly wide: boolean }) | undefined;
  /** The octets after the header. */
  readonly octets: Buffer;
}

/** Splits user data into header and text (3GPP TS 23.040 §9.2.3.24); undefined when the header is broken. */
export function parseUserData(data: Buffer): UserData | undefined {
  const length = data[0];
  if (length === undefined || 1 + length > data.length) return undefined;
  const header = data.subarray(1, 1 + length);
  let part: UserData['part'];
  for (let at = 0; at < header.length;) {
    const size = header[at + 1];
    if (size === undefined || at + 2 + size > header.length) return undefined;
    part ??= concatenation(header[at]!, header.subarray(at + 2, at + 2 + size));
    at += 2 + size;
  }
  return { part, octets: data.subarray(1 + length) };
}

/** An element with impossible numbers counts as absent (§9.2.3.24.1). */
function concatenation(id: number, value: Buffer): UserData['part'] {
  const wide = id === 0x08;
  if (id !== 0x00 && !wide) return undefined;
  if (value.length !== (wide ? 4 : 3)) return undefined;
  const reference = wide ? value.readUInt16BE(0) : value[0]!;
  const total = value[value.length - 2]!;
  const number = value[value.length - 1]!;
  if (number === 0 || number > total) return undefined;
  return { reference, total, number, wide };
}

/** A concatenation header: 6 octets with an 8-bit reference, 7 with a 16-bit one. */
export function concatenationHeader(part: PartOf, wide: boolean): Buffer {
  const { reference, total, number } = part;
  return wide
    ? Buffer.from([6, 0x08, 4, (reference >> 8) & 0xff, reference & 0xff, total, number])
    : Buffer.from([5, 0x00, 3, reference & 0xff, total, number]);
}
