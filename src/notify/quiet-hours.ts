import { localOffsetMs } from '../bonus/calendar.ts';
import { DAY_MS, MINUTE_MS } from '../values/instant.ts';

/** Minutes since local midnight; over midnight when `from` is the later one; none when both are equal. */
export interface QuietHours {
  readonly from: number;
  readonly to: number;
}

/** What the clock on the subscriber's wall shows decides, so an hour that comes twice may be quiet twice. */
export function isQuiet({ from, to }: QuietHours, at: number, zone: string): boolean {
  const minute = minuteOfLocalDay(at, zone);
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}

/** When quiet hours that are on at `at` end next; after `at` in any case. */
export function quietUntil({ to }: QuietHours, at: number, zone: string): number {
  const today = atLocalMinute(at, zone, 0, to);
  return today > at ? today : atLocalMinute(at, zone, 1, to);
}

/** The next time that the wall clock shows this minute. */
export function nextLocalMinute(minute: number, at: number, zone: string): number {
  return quietUntil({ from: minute, to: minute }, at, zone);
}

/** Minutes since local midnight as the clock on the wall shows them. */
export function minuteOfLocalDay(at: number, zone: string): number {
  return Math.floor(((at + localOffsetMs(at, zone)) % DAY_MS) / MINUTE_MS);
}

/**
 * When the wall clock shows `minute` on the local day `days` after that of `at`. Of a time that comes twice the first;
 * for one that is skipped, as long after the gap as it lies in it.
 */
function atLocalMinute(at: number, zone: string, days: number, minute: number): number {
  const today = Math.floor((at + localOffsetMs(at, zone)) / DAY_MS);
  const wanted = (today + days) * DAY_MS + minute * MINUTE_MS;
  const first = wanted - localOffsetMs(wanted, zone);
  const second = wanted - localOffsetMs(first, zone);
  return second + localOffsetMs(second, zone) === wanted ? second : Math.max(first, second);
}
