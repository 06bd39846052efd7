import { isIPv4, isIPv6 } from 'node:net';

/** A subscriber's address as a binding key: one IPv4 address, or the /64 that a subscriber line gets in IPv6. */
export type AddressKey =
  { readonly kind: 'v4'; readonly key: string } | { readonly kind: 'v6'; readonly key: string };

/** Undefined for text that is no address. An IPv4-mapped IPv6 address is the IPv4 address it carries. */
export function findAddressKey(text: string): AddressKey | undefined {
  if (isIPv4(text)) return { kind: 'v4', key: text };
  const address = text.split('%', 1)[0]!;
  if (!isIPv6(address)) return undefined;
  const groups = expand(address);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return {
      kind: 'v4',
      key: [groups[6]! >> 8, groups[6]! & 255, groups[7]! >> 8, groups[7]! & 255].join('.'),
    };
  }
  return {
    kind: 'v6',
    key: groups
      .slice(0, 4)
      .map((group) => group.toString(16))
      .join(':'),
  };
}

/** A dotted IPv4 address as an unsigned 32-bit number. */
export function ipv4Number(dotted: string): number {
  return dotted.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

/** The eight groups of a valid IPv6 address (RFC 4291 §2.2). */
function expand(address: string): number[] {
  const [head, tail] = address.split('::', 2);
  const left = groupsOf(head!);
  if (tail === undefined) return left;
  const right = groupsOf(tail);
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [Number.parseInt(part, 16)];
    const number = ipv4Number(part);
    return [Math.floor(number / 65_536), number % 65_536];
  });
}
