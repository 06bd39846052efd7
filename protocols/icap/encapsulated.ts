import { ICAP_LIMITS, IcapParseError } from './limits.ts';

/** What follows an ICAP header: `headerBytes` octets of HTTP header section, then a chunked body or nothing. */
export interface Encapsulated {
  readonly headerBytes: number;
  readonly hasBody: boolean;
}

const PART = /^(req-hdr|res-hdr|req-body|res-body|opt-body|null-body)=(0|[1-9]\d{0,7})$/;

/**
 * Parses the Encapsulated header of a REQMOD request, `[req-hdr=0, ](req-body|null-body)=N`, or of OPTIONS,
 * `(opt-body|null-body)=0` (RFC 3507 §4.4.1). Offsets in another order or notation are a framing doubt.
 */
export function parseEncapsulated(method: 'REQMOD' | 'OPTIONS', values: readonly string[]): Encapsulated {
  if (values.length === 0 && method === 'OPTIONS') return { headerBytes: 0, hasBody: false };
  if (values.length !== 1) throw new IcapParseError('encapsulated');
  const parts = values[0]!.split(',').map((part) => PART.exec(part.replace(/^[ \t]+|[ \t]+$/g, '')));
  const last = parts.at(-1);
  if (last === null || last === undefined || parts.length > 2) throw new IcapParseError('encapsulated');
  const body = last[1]!;
  const offset = Number(last[2]);
  const hasBody = body === (method === 'REQMOD' ? 'req-body' : 'opt-body');
  if (!hasBody && body !== 'null-body') throw new IcapParseError('encapsulated');
  if (parts.length === 1) {
    if (offset !== 0) throw new IcapParseError('encapsulated');
    return { headerBytes: 0, hasBody };
  }
  const first = parts[0];
  const wellPlaced = first?.[1] === 'req-hdr' && first[2] === '0' && offset > 0;
  if (method !== 'REQMOD' || !wellPlaced) throw new IcapParseError('encapsulated');
  if (offset > ICAP_LIMITS.httpHeaderBytes) throw new IcapParseError('http_header_too_large');
  return { headerBytes: offset, hasBody };
}
