import { createHash } from 'node:crypto';
import { CHANNELS, type Channel } from '../values/trace.ts';
import { timeOfKey } from './key-life.ts';
import { HOMES } from './keys.ts';

/** Request keys and content hashes are 128 bits of SHA-256. */

const KEY_OCTETS = 16;

function digest(parts: readonly string[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${String(Buffer.byteLength(part))}:`).update(part);
  return hash.digest();
}

interface ScopedKey {
  readonly home: number;
  readonly key: Buffer;
}

/** Key of something that happens once by a name of our own; its home follows from the name. */
export function scopedRequest(scope: string, name: string): ScopedKey {
  const hash = digest([scope, name]);
  return { home: hash.readUInt16BE(30) % HOMES, key: hash.subarray(0, KEY_OCTETS) };
}

/**
 * Key of a client's own idempotency key; its home follows from the key, since the subscriber may differ.
 *
 * The key's time is that of a UUIDv7, else `madeAt`: when the fact happened that the key names, where that is told.
 */
export function clientRequest(
  scope: string,
  key: string,
  madeAt?: number,
): ScopedKey & { readonly keyTime?: number } {
  const keyTime = timeOfKey(key) ?? madeAt;
  return { ...scopedRequest(scope, key), ...(keyTime !== undefined && { keyTime }) };
}

/** Hash of what was asked, in a canonical form: the same content under the same key is a repetition. */
export function contentHash(content: Readonly<Record<string, string | number | bigint | null>>): Buffer {
  const parts = Object.keys(content)
    .sort()
    .flatMap((name) => [name, String(content[name])]);
  return digest(parts).subarray(0, KEY_OCTETS);
}

/** A trace id doubles as the request key of channels: it is made once per MO, turn or call step. */
export function traceOctets(trace: string): Buffer {
  return Buffer.from(trace, 'hex');
}

export function channelNumber(channel: Channel): number {
  return CHANNELS.indexOf(channel);
}
