import { findHost } from '../../src/values/host.ts';

/** The HTTP request inside a REQMOD, as far as a redirect needs it. */
export interface HttpTarget {
  readonly method: string;
  /** Absolute URL, octets as Latin-1; for CONNECT and `*` the target as sent. */
  readonly url: string;
  /** Normalised; empty for CONNECT and `*`. */
  readonly host: string;
}

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e\x80-\xff]+) HTTP\/1\.\d$/;
const ABSOLUTE = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)/;
const CRLF = Buffer.from('\r\n');

/**
 * Finds method, URL and host of an HTTP/1 request header section: the host of an absolute URI, else of the only Host
 * header (RFC 7230 §5.5). Undefined when it cannot be said beyond doubt: such a request passes. Nothing else of the
 * section is believed, in particular no X-Client-IP that a browser may have written there.
 */
export function findHttpTarget(section: Buffer): HttpTarget | undefined {
  const lineEnd = section.indexOf(CRLF);
  if (lineEnd < 0) return undefined;
  const match = REQUEST_LINE.exec(section.toString('latin1', 0, lineEnd));
  if (match === null) return undefined;
  const method = match[1]!;
  const target = match[2]!;
  if (method === 'CONNECT' || target === '*') return { method, url: target, host: '' };
  if (target.startsWith('/')) return fromHostHeader(method, target, section, lineEnd + 2);
  const absolute = ABSOLUTE.exec(target);
  if (absolute === null) return undefined;
  const host = findHost(unicode(absolute[2]!));
  return host === undefined ? undefined : { method, url: target, host };
}

function fromHostHeader(
  method: string,
  target: string,
  section: Buffer,
  from: number,
): HttpTarget | undefined {
  const hosts: string[] = [];
  for (const line of section.toString('latin1', from, section.length - 4).split('\r\n')) {
    if (/[\r\n]/.test(line) || line.startsWith(' ') || line.startsWith('\t')) return undefined;
    if (/^host:/i.test(line)) hosts.push(line.slice(5).trim());
  }
  const authority = hosts[0];
  if (hosts.length !== 1 || authority === undefined) return undefined;
  const host = findHost(unicode(authority));
  return host === undefined ? undefined : { method, url: `http://${authority}${target}`, host };
}

/** Host names outside ASCII arrive as UTF-8 octets. */
function unicode(latin1: string): string {
  return /[\x80-\xff]/.test(latin1) ? Buffer.from(latin1, 'latin1').toString('utf8') : latin1;
}
