/** Header values by lower-case name, exactly as they stand on the wire (one character per octet). */
export type EslHeaders = ReadonlyMap<string, string>;

/** Most headers taken from one block; FreeSWITCH sends about 100 and channel variables. */
const HEADERS_MAX = 20_000;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a header block. A line without a colon is passed over; of a repeated name the first value counts, so that
 * nothing later in a block can replace what FreeSWITCH wrote first.
 */
export function parseHeaders(block: Buffer): EslHeaders {
  const headers = new Map<string, string>();
  const text = block.toString('latin1');
  let start = 0;
  let colon = text.indexOf(':');
  while (start < text.length && headers.size < HEADERS_MAX) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    if (colon < start) colon = text.indexOf(':', start);
    if (colon === -1) break;
    if (colon < end) {
      const name = text.slice(start, colon).trim().toLowerCase();
      if (!headers.has(name)) headers.set(name, text.slice(colon + 1, end).trim());
    }
    start = end + 1;
  }
  return headers;
}

/**
 * Undoes the percent encoding of an event header. Broken escapes stay as they are, and octets that are no UTF-8 (a
 * Latin-1 display name) are read as Latin-1: a caller's name must never end a call.
 */
export function decodeHeader(value: string): string {
  if (!/[%\u0080-\u00ff]/.test(value)) return value;
  const octets = Buffer.from(
    value.replace(/%([0-9A-Fa-f]{2})/g, (_escape, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
  return decodeText(octets);
}

/** UTF-8 when it is valid, else Latin-1. */
export function decodeText(octets: Buffer): string {
  try {
    return strictUtf8.decode(octets);
  } catch {
    return octets.toString('latin1');
  }
}
