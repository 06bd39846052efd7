import type { Instant } from '../../../values/instant.ts';
import type { Language } from '../../../values/language.ts';
import { english } from './en.ts';
import { russian } from './ru.ts';

/**
 * Numbers and dates as lists of recordings, without folder and ending: `['number/20', 'number/1']`.
 *
 * FreeSWITCH's own `say` is silent above nine digits and for negative numbers, and knows one currency only.
 */
export interface Speech {
  /** A number by itself, as in counting. */
  number(value: bigint): string[];
  /** A number of points, in the right plural form. */
  points(value: bigint): string[];
  /** Day, month and year as they follow "on" (`31 December 2026`). */
  date(day: CivilDate): string[];
  /** Day and month only. */
  day(day: CivilDate): string[];
  /** Digit by digit, in groups as people say their numbers. */
  digits(digits: string): string[];
}

export interface CivilDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

export const SPEECH: Readonly<Record<Language, Speech>> = { en: english, ru: russian };

/** The calendar day of a moment in an IANA zone. */
export function civilDate(at: Instant, zone: string): CivilDate {
  const parts = formatterOf(zone).formatToParts(at);
  const part = (type: string): number => Number(parts.find((found) => found.type === type)?.value ?? 1);
  return { year: part('year'), month: part('month'), day: part('day') };
}

/** Making one takes a hundred times as long as using it; a deployment has a handful of zones. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const fields = { year: 'numeric', month: 'numeric', day: 'numeric' } as const;
  const made = new Intl.DateTimeFormat('en-US', { timeZone, calendar: 'gregory', ...fields });
  formatters.set(timeZone, made);
  return made;
}
