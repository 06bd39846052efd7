import { localMonthOf, startOfLocalMonth } from '../bonus/calendar.ts';

/** Periods are months of the programme's zone, written `2026-01`. */

export function nextPeriod(period: string): string {
  const [year, month] = period.split('-').map(Number);
  return month === 12 ? `${String(year! + 1)}-01` : `${String(year)}-${String(month! + 1).padStart(2, '0')}`;
}

/** The instant at which the period is over. */
export function endOfPeriod(period: string, zone: string): number {
  return startOfLocalMonth(nextPeriod(period), zone);
}

export function periodAt(at: number, zone: string): string {
  return localMonthOf(at, zone);
}
