import { z } from 'zod';

/** Kinds of values in rule documents. */

export const currencyCode = z.string().regex(/^[A-Z]{3}$/, 'is an ISO 4217 code, for example RUB');

export function points(min: number) {
  return z.int().min(min).max(1_000_000_000_000).transform(BigInt);
}

/** Milliseconds since 1970, written as a time with its offset. */
export const instantText = z.iso
  .datetime({ offset: true, error: 'is a time with its offset, for example 2026-01-31T12:00:00+03:00' })
  .transform((text) => new Date(text).getTime());
