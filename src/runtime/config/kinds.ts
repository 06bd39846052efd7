import { z } from 'zod';
import type { Points } from '../../values/points.ts';

/** A number of points: written as an integer, handed over as bigint. */
export function points(byDefault: number) {
  return requiredPoints(0).prefault(byDefault);
}

/** As {@link points}, without a default. */
export function requiredPoints(least: number) {
  return z
    .int()
    .min(least)
    .max(9_000_000_000_000_000)
    .transform((value): Points => BigInt(value));
}

/** A duration of at most a day. */
export function milliseconds(byDefault: number, least = 1) {
  return z.int().min(least).max(86_400_000).default(byDefault);
}

/** True for a time zone that this machine knows. */
export function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}
