import { randomFillSync, randomInt } from 'node:crypto';
import type { TraceId } from '../values/trace.ts';

const ID_OCTETS = 16;
/** One call to the system's generator costs as much as parsing a PDU: ids are cut from a pool of them. */
const pool = Buffer.alloc(256 * ID_OCTETS);
let used = pool.length;

/** A fresh trace id (128 random bits). */
export function newTraceId(): TraceId {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += ID_OCTETS;
  return pool.toString('hex', used - ID_OCTETS, used) as TraceId;
}

/** `digits` random decimal digits for a confirmation code. */
export function randomDigits(digits: number): string {
  return String(randomInt(10 ** digits)).padStart(digits, '0');
}

/** A number in [0, 1) for jitter; not for secrets. */
export function jitter(): number {
  return Math.random();
}
