import { NEVER } from '../ledger/lots.ts';
import { endOfLocalDay, endOfLocalMonth, endOfNextDate, localDayOf } from './calendar.ts';
import type { Programme } from './programme.ts';

/**
 * How long points live (bonus-core, R6): to the end of a local day or month so long after they were given (`rolling`),
 * after the member's last activity (`activity`), to the same date for everybody (`calendar`), to the day on which the
 * member joined (`anniversary`), or for ever.
 */
export type ExpiryPolicy =
  | 'never'
  | ({ readonly policy?: 'rolling' | 'activity' | undefined } & Span)
  | { readonly policy: 'calendar'; readonly date: string; readonly monthsMin: number }
  | { readonly policy: 'anniversary'; readonly monthsMin: number };

interface Span {
  readonly after: number;
  readonly unit: 'months' | 'days';
}

/** What an expiry depends on besides the time. */
export interface Owner {
  /** When the wallet was opened: the member joined. */
  readonly openedAt: number;
}

/** When points that are given now lapse. */
export type ExpiresAt = (now: number, owner: Owner) => number;

export function expiresAt({ expiry, zone }: Pick<Programme, 'expiry' | 'zone'>): ExpiresAt {
  if (expiry === 'never') return () => NEVER;
  if (expiry.policy === 'anniversary') {
    const { monthsMin } = expiry;
    return (now, { openedAt }) => endOfNextDate(now, zone, localDayOf(openedAt, zone), monthsMin);
  }
  if (expiry.policy === 'calendar') {
    const { date, monthsMin } = expiry;
    return remembered(zone, (now) => endOfNextDate(now, zone, date, monthsMin));
  }
  return remembered(zone, spanOf(expiry, zone));
}

/** Until when activity now lets points live on; undefined where activity does not matter. */
export function activeUntil({
  expiry,
  zone,
}: Pick<Programme, 'expiry' | 'zone'>): ((now: number) => number) | undefined {
  if (expiry === 'never' || expiry.policy !== 'activity') return undefined;
  return remembered(zone, spanOf(expiry, zone));
}

function spanOf({ after, unit }: Span, zone: string): (now: number) => number {
  const snap = unit === 'months' ? endOfLocalMonth : endOfLocalDay;
  return (now) => snap(now, zone, after);
}

/** The same for a whole local day; formatting a local date costs more than posting a transfer. */
function remembered(zone: string, compute: (now: number) => number): (now: number) => number {
  let known: { from: number; until: number; value: number } | undefined;
  return (now) => {
    if (known === undefined || now < known.from || now >= known.until) {
      known = { from: now, until: endOfLocalDay(now, zone, 0), value: compute(now) };
    }
    return known.value;
  };
}
