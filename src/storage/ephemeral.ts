import type { Instant } from '../values/instant.ts';

/**
 * What may be lost without losing points: dialogues, token buckets, wake-ups.
 *
 * Two implementations, one contract suite: in-process for a single daemon, Redis (or Valkey) for several. Every value
 * carries its own expiry against the clock port; a lapsed value is never returned, whatever the server's TTL says.
 */
export interface EphemeralStore {
  find(key: string): Promise<Versioned | undefined>;
  /**
   * Stores `value` if the key is still at `expected` (0: absent). Returns the new version, or undefined when somebody
   * else was faster.
   */
  put(key: string, value: string, expiresAt: Instant, expected: number): Promise<number | undefined>;
  /** Stores `value` whatever is there: a new dialogue replaces an old one. Returns the new version. */
  replace(key: string, value: string, expiresAt: Instant): Promise<number>;
  remove(key: string): Promise<void>;
  /** Adds one to a counter that lapses at `expiresAt` (fixed by the first increment) and returns the new value. */
  increment(key: string, expiresAt: Instant): Promise<number>;
  close(): Promise<void>;
}

export interface Versioned {
  readonly value: string;
  readonly version: number;
}
