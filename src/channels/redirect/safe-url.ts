const UNSAFE = /[^A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]|%(?![0-9A-Fa-f]{2})/;
const UNSAFE_ALL = new RegExp(UNSAFE, 'g');

/**
 * A URL as octets of a Location header: everything outside the characters of RFC 3986 §2 is percent-encoded, a lone
 * per cent sign too. The text is read as Latin-1, one character per octet, the way the wire delivered it.
 */
export function safeUrl(url: string): string {
  if (!UNSAFE.test(url)) return url;
  return url.replace(UNSAFE_ALL, (character) => {
    const octets =
      character.charCodeAt(0) < 256 ? Buffer.from(character, 'latin1') : Buffer.from(character, 'utf8');
    return octets.reduce((text, octet) => `${text}%${octet.toString(16).toUpperCase().padStart(2, '0')}`, '');
  });
}

/** Adds `name=1` to the query and keeps everything else as it is. */
export function withMarker(url: string, name: string): string {
  const hash = url.indexOf('#');
  const bare = hash < 0 ? url : url.slice(0, hash);
  const fragment = hash < 0 ? '' : url.slice(hash);
  return `${bare}${bare.includes('?') ? '&' : '?'}${name}=1${fragment}`;
}

/** Whether the query of `url` has one of the parameters `names`. */
export function hasMarker(url: string, names: readonly string[]): boolean {
  const start = url.indexOf('?');
  if (start < 0) return false;
  const query = url.slice(start + 1).split('#', 1)[0]!;
  return query.split('&').some((pair) => names.includes(pair.split('=', 1)[0]!));
}
