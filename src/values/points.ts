import { Refusal } from '../errors.ts';

/** Bonus points in minor units of the programme's points currency. Never a float. */
export type Points = bigint;

/** Sums stay far below 2^63 in Postgres and in packed lots. */
export const POINTS_MAX: Points = 9_000_000_000_000_000n;

/**
 * Parses a positive number of points as a person writes it: digits, optionally grouped by spaces or apostrophes.
 * Commas and dots are refused instead of guessed: `1,000` is a thousand to some and one to others.
 *
 * @throws Refusal `points_invalid`
 */
export function parsePoints(text: string): Points {
  const compact = text.trim().replace(/(?<=\d)[ \u00a0'](?=\d{3}\b)/g, '');
  if (!/^\d{1,16}$/.test(compact)) throw new Refusal('points_invalid');
  const points = BigInt(compact);
  if (points <= 0n || points > POINTS_MAX) throw new Refusal('points_invalid');
  return points;
}
