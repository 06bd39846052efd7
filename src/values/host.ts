import { domainToASCII } from 'node:url';

const PLAIN_HOST = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[^:@/?#[\]\s]+)(?::(\d{0,5}))?$/;

/**
 * The one spelling of a host that decisions compare: lower case, IDNA, without port 80 and trailing dot. Another port
 * stays (`shop.example:8080`), because it is another site. Undefined for text that is no host, user part included.
 */
export function findHost(authority: string): string | undefined {
  const text = authority.toLowerCase();
  if (PLAIN_HOST.test(text)) return text;
  const match = AUTHORITY.exec(text);
  if (match === null) return undefined;
  const name = match[1]!.startsWith('[') ? match[1]! : asciiName(match[1]!);
  if (name === undefined) return undefined;
  const port = Number(match[2] ?? 80);
  if (port > 65_535) return undefined;
  return port === 80 || match[2] === '' ? name : `${name}:${port}`;
}

function asciiName(text: string): string | undefined {
  const name = domainToASCII(text.endsWith('.') ? text.slice(0, -1) : text);
  return PLAIN_HOST.test(name) ? name : undefined;
}
