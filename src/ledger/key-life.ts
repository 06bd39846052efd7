import { DAY_MS } from '../values/instant.ts';

/**
 * How long an answer is found again under its key, and what happens to keys that are older (ADR 9).
 *
 * A request row that is no longer there looks like a request that never was. So a key that tells its own time is
 * accepted only while the row of its first use is certainly still kept. This life is a promise to clients and no
 * setting: an operator may keep rows longer, never shorter, and no change of that setting can make a used key new.
 */
export const KEY_LIFE_MS = 62 * DAY_MS;

/** A client's clock may be ahead of ours by so much. A key from further ahead would outlive its row. */
export const KEY_AHEAD_MS = DAY_MS;

/**
 * The least time that request rows are kept: a key may be dated {@link KEY_AHEAD_MS} after its first use, and another
 * day is left for clocks of ours that disagree.
 */
export const REQUESTS_KEPT_MS = KEY_LIFE_MS + KEY_AHEAD_MS + DAY_MS;

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** When a key was made, in milliseconds since 1970, where it is a UUIDv7 (RFC 9562 §5.7); other keys do not tell. */
export function timeOfKey(key: string): number | undefined {
  if (!UUID_V7.test(key)) return undefined;
  return parseInt(key.slice(0, 8) + key.slice(9, 13), 16);
}

/** Whether a key that tells this time can no longer be known to be new. */
export function isOutOfLife(keyTime: number, now: number): boolean {
  return now - keyTime > KEY_LIFE_MS || keyTime - now > KEY_AHEAD_MS;
}
