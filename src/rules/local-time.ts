import { localOffsetMs } from '../bonus/calendar.ts';
import { DAY_MS, HOUR_MS } from '../values/instant.ts';

/** Local calendar fields for rules: whole numbers, no time type, so that no engine's time arithmetic is needed. */

/** Offsets of the world's zones change on quarters of an hour only. */
const QUARTER_MS = HOUR_MS / 4;
const ZONES_MAX = 600;

const known = new Map<string, { quarter: number; offset: number }>();

/** Formatting a date costs more than a whole rule; events come in order of time, so the last offset serves most. */
function offsetOf(at: number, zone: string): number {
  const quarter = Math.floor(at / QUARTER_MS);
  const last = known.get(zone);
  if (last?.quarter === quarter) return last.offset;
  const offset = localOffsetMs(quarter * QUARTER_MS, zone);
  if (known.size >= ZONES_MAX) known.clear();
  known.set(zone, { quarter, offset });
  return offset;
}

/** The local wall clock as if it were UTC. */
function localMs(at: bigint, zone: string): number {
  const ms = Number(at);
  return ms + offsetOf(ms, zone);
}

/** 0 to 23. */
export function localHour(at: bigint, zone: string): bigint {
  return BigInt(new Date(localMs(at, zone)).getUTCHours());
}

/** 1 (Monday) to 7 (Sunday), as ISO 8601 counts. */
export function localWeekday(at: bigint, zone: string): bigint {
  return BigInt(new Date(localMs(at, zone)).getUTCDay() || 7);
}

/** 1 to 31. */
export function localDay(at: bigint, zone: string): bigint {
  return BigInt(new Date(localMs(at, zone)).getUTCDate());
}

/** 1 to 12. */
export function localMonth(at: bigint, zone: string): bigint {
  return BigInt(new Date(localMs(at, zone)).getUTCMonth() + 1);
}

/** Midnights between two instants; negative when `to` is the earlier. */
export function daysBetween(from: bigint, to: bigint, zone: string): bigint {
  return BigInt(Math.floor(localMs(to, zone) / DAY_MS) - Math.floor(localMs(from, zone) / DAY_MS));
}

/**
 * Full months from one local date to another: the same day of a later month, or its last day where it is shorter
 * (bonus-core §3.0). 31 January to 28 February is one month.
 */
export function monthsBetween(from: bigint, to: bigint, zone: string): bigint {
  if (to < from) return -monthsBetween(to, from, zone);
  const [start, end] = [new Date(localMs(from, zone)), new Date(localMs(to, zone))];
  const months =
    (end.getUTCFullYear() - start.getUTCFullYear()) * 12 + end.getUTCMonth() - start.getUTCMonth();
  const lastDay = new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() + 1, 0)).getUTCDate();
  return BigInt(end.getUTCDate() < Math.min(start.getUTCDate(), lastDay) ? months - 1 : months);
}
