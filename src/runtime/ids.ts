import { randomBytes, randomInt } from 'node:crypto';
import type { TraceId } from '../values/trace.ts';

/** A fresh trace id (128 random bits). */
export function newTraceId(): TraceId {
  return randomBytes(16).toString('hex') as TraceId;
}

/** `digits` random decimal digits for a confirmation code. */
export function randomDigits(digits: number): string {
  return String(randomInt(10 ** digits)).padStart(digits, '0');
}

/** A number in [0, 1) for jitter; not for secrets. */
export function jitter(): number {
  return Math.random();
}
