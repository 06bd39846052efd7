import type { Verdict } from './records.ts';

/** Stored answers as JSON; whole numbers of points keep their type as `{"$n":"123"}`. */

export function encodeVerdict(verdict: Verdict): string {
  return JSON.stringify(verdict, (_key, value: unknown) =>
    typeof value === 'bigint' ? { $n: value.toString() } : value,
  );
}

export function decodeVerdict(text: string): Verdict {
  return JSON.parse(text, (_key, value: unknown) => (isBigint(value) ? BigInt(value.$n) : value)) as Verdict;
}

/** A stored answer for people: whole numbers of points as decimal text. */
export function readableVerdict(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) => (isBigint(value) ? value.$n : value));
}

function isBigint(value: unknown): value is { $n: string } {
  return typeof value === 'object' && value !== null && '$n' in value && typeof value.$n === 'string';
}
