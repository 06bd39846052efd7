import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { IdentityHeader } from '../../src/runtime/config/icap.ts';
import type { Headers } from './headers.ts';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/**
 * Who asks, by the configured headers in their order of precedence: the first header present decides. Two different
 * values, or one that does not decode, is nobody: a wrong guess would show one subscriber's offer to another.
 */
export function findIdentity(headers: Headers, precedence: readonly IdentityHeader[]): string | undefined {
  for (const { header, encoding } of precedence) {
    const values = headers.list(header.toLowerCase()).filter((value) => value !== '');
    if (values.length === 0) continue;
    const decoded = values.map((value) => decode(value, encoding));
    return decoded.every((value) => value === decoded[0]) ? decoded[0] : undefined;
  }
  return undefined;
}

function decode(value: string, encoding: IdentityHeader['encoding']): string | undefined {
  if (encoding === 'plain') return single(value);
  if (!BASE64.test(value)) return undefined;
  const text = Buffer.from(value, 'base64').toString('utf8');
  if (encoding === 'base64') return single(text);
  // `WinNT://DOMAIN/user`, `Local://user`: the login is the last part.
  const match = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/(?:[^/]+\/)*([^/]+)$/.exec(text);
  return match === null ? undefined : single(match[1]!);
}

/** A list in one header is several values, and white space or control characters belong to no identity. */
function single(text: string): string | undefined {
  // eslint-disable-next-line no-control-regex -- refuses exactly these
  return text === '' || text.length > 256 || /[,\s\x00-\x1f\x7f\ufffd]/.test(text) ? undefined : text;
}

/** The ICAP clients whose identity headers are believed. */
export function createClientList(ranges: readonly string[]): (address: string | undefined) => boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const [address, prefix] = range.split('/', 2);
    const family = isIPv6(address!) ? 'ipv6' : 'ipv4';
    list.addSubnet(address!, Number(prefix ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return (address) => {
    if (address === undefined) return false;
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
    return list.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6');
  };
}
