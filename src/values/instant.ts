/** A moment: milliseconds since 1970-01-01T00:00:00Z. Handed out by the clock port only. */
export type Instant = number & { readonly __brand: 'Instant' };

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

export function instant(epochMs: number): Instant {
  return epochMs as Instant;
}

/** `at` moved by `ms`, which may be negative. */
export function later(at: Instant, ms: number): Instant {
  return (at + ms) as Instant;
}
