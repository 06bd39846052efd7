import { DAY_MS } from '../values/instant.ts';

/** Local days and months of an IANA zone, DST-safe. Instants are milliseconds since 1970. */

interface LocalDate {
  readonly year: number;
  /** 0..11 */
  readonly month: number;
  readonly day: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(zone, format);
  }
  return format;
}

function localFields(at: number, zone: string): number[] {
  const parts = formatOf(zone).formatToParts(at);
  const field = (type: string): number => Number(parts.find((part) => part.type === type)!.value);
  return ['year', 'month', 'day', 'hour', 'minute', 'second'].map(field);
}

function localDate(at: number, zone: string): LocalDate {
  const [year, month, day] = localFields(at, zone);
  return { year: year!, month: month! - 1, day: day! };
}

/** How far local time is ahead of UTC at that instant. */
export function localOffsetMs(at: number, zone: string): number {
  const [year, month, day, hour, minute, second] = localFields(at, zone);
  const asUtc = Date.UTC(year!, month! - 1, day, hour, minute, second);
  return asUtc - Math.floor(at / 1000) * 1000;
}

/**
 * The instant at which a local day begins: its first midnight, by the offset that the zone has before or after it.
 *
 * Clocks may be put back to midnight, which then comes twice, or forward over it: there is no such time of day, and
 * the day begins with the change. A zone may even leave out a whole day (Pacific/Apia, 30 December 2011).
 */
function startOfLocalDay(year: number, month: number, day: number, zone: string): number {
  const wanted = Date.UTC(year, month, day);
  const hasBegun = (at: number): boolean => localDay(at, zone) >= wanted;
  const before = wanted - localOffsetMs(wanted - DAY_MS, zone);
  const after = wanted - localOffsetMs(wanted + DAY_MS, zone);
  const midnights = [Math.min(before, after), Math.max(before, after)] as const;
  const start = midnights.find((at) => hasBegun(at) && !hasBegun(at - 1));
  return start ?? firstInstant(midnights[0] - DAY_MS, midnights[1] + DAY_MS, hasBegun);
}

/** The local day as if it were one of UTC: midnight of that date. */
function localDay(at: number, zone: string): number {
  const { year, month, day } = localDate(at, zone);
  return Date.UTC(year, month, day);
}

/** Where in `(before, after]` something becomes true that is not at `before` and is at `after`. */
function firstInstant(before: number, after: number, isTrue: (at: number) => boolean): number {
  let [low, high] = [before, after];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isTrue(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Local day as a number of days since 1970, for windows of limits. */
export function localDayNumber(at: number, zone: string): number {
  return localDay(at, zone) / DAY_MS;
}

/** First day of the local month, as {@link localDayNumber}. */
export function localMonthNumber(at: number, zone: string): number {
  const { year, month } = localDate(at, zone);
  return Date.UTC(year, month, 1) / DAY_MS;
}

/**
 * The end of the local month `months` after the present one: points earned on any day of a month lapse together,
 * which keeps wallets small and the promise simple.
 */
export function endOfLocalMonth(at: number, zone: string, months: number): number {
  const { year, month } = localDate(at, zone);
  return startOfLocalDay(year, month + months + 1, 1, zone);
}

/** The end of the local day `days` after the present one. */
export function endOfLocalDay(at: number, zone: string, days: number): number {
  const { year, month, day } = localDate(at, zone);
  return startOfLocalDay(year, month, day + days + 1, zone);
}

/** The instant at which a local month begins; `month` is `2026-01`. */
export function startOfLocalMonth(month: string, zone: string): number {
  const [year, number] = month.split('-').map(Number);
  return startOfLocalDay(year!, number! - 1, 1, zone);
}

/** The local month of an instant, as `2026-01`. */
export function localMonthOf(at: number, zone: string): string {
  const { year, month } = localDate(at, zone);
  return `${String(year)}-${String(month + 1).padStart(2, '0')}`;
}

/** Month and day of an instant, as `02-29`. */
export function localDayOf(at: number, zone: string): string {
  const { month, day } = localDate(at, zone);
  return `${String(month + 1).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/**
 * The end of the next local day of that date (`12-31`) that is at least `monthsMin` months away. 29 February is 28
 * February in other years.
 */
export function endOfNextDate(at: number, zone: string, date: string, monthsMin: number): number {
  const [month, day] = date.split('-').map(Number);
  const from = localDate(at, zone);
  const earliest = Date.UTC(from.year, from.month + monthsMin, from.day);
  for (let year = from.year; ; year++) {
    const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
    const wanted = Date.UTC(year, month! - 1, Math.min(day!, last));
    if (wanted < earliest) continue;
    const { year: y, month: m, day: d } = dateOfUtc(wanted);
    return startOfLocalDay(y, m, d + 1, zone);
  }
}

function dateOfUtc(at: number): LocalDate {
  const date = new Date(at);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth(), day: date.getUTCDate() };
}

/** The end of a local day that is named, `2026-12-31`. */
export function endOfLocalDate(date: string, zone: string): number {
  const [year, month, day] = date.split('-').map(Number);
  return startOfLocalDay(year!, month! - 1, day! + 1, zone);
}
