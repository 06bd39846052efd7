import { IcapParseError, type ParseErrorKind } from './limits.ts';

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// eslint-disable-next-line no-control-regex -- the point of this expression
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/** Header fields in order; names in lower case, values without surrounding white space. */
export class Headers {
  readonly #fields: (readonly [name: string, value: string])[];

  constructor(fields: (readonly [name: string, value: string])[]) {
    this.#fields = fields;
  }

  /** The first value of `name` (lower case). */
  find(name: string): string | undefined {
    for (const field of this.#fields) if (field[0] === name) return field[1];
    return undefined;
  }

  list(name: string): string[] {
    return this.#fields.filter((field) => field[0] === name).map((field) => field[1]);
  }

  /** Whether the list-valued header `name` contains `token`: `Allow: 204, trailers`. */
  hasToken(name: string, token: string): boolean {
    for (const field of this.#fields) {
      if (field[0] !== name) continue;
      if (field[1] === token) return true;
      if (field[1].split(',').some((part) => part.trim().toLowerCase() === token)) return true;
    }
    return false;
  }
}

/** Parses header lines strictly: no folding, no space before the colon, no control characters (RFC 7230 §3.2). */
export function parseHeaders(lines: readonly string[], kind: ParseErrorKind = 'header'): Headers {
  const fields: [string, string][] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    if (!NAME.test(name) || CONTROL.test(line)) throw new IcapParseError(kind);
    fields.push([name.toLowerCase(), trim(line, colon + 1)]);
  }
  return new Headers(fields);
}

/** Spaces and tabs only: `String.trim` would also take the octets 0x85 and 0xA0 off a value. */
function trim(line: string, from: number): string {
  let start = from;
  let end = line.length;
  const blank = (index: number) => line.charCodeAt(index) === 32 || line.charCodeAt(index) === 9;
  while (start < end && blank(start)) start++;
  while (end > start && blank(end - 1)) end--;
  return line.slice(start, end);
}
