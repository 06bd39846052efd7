/** Text as UTF-16BE, which handsets send and show under the name UCS2 (emoji are surrogate pairs). */
export function encodeUcs2(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}

/** UTF-16BE octets as text; a lone last octet is dropped, as no character can be made of it. */
export function decodeUcs2(octets: Buffer): string {
  const even = Buffer.from(octets.subarray(0, octets.length & ~1));
  return even.swap16().toString('utf16le');
}
