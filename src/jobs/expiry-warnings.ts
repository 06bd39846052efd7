import { endOfLocalDay } from '../bonus/calendar.ts';
import { extendExpiry, type Extended } from '../ledger/decide/extend.ts';
import { ownerOf, type AccountKey } from '../ledger/keys.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { isSpendable, NEVER, type Lot } from '../ledger/lots.ts';
import { channelNumber, contentHash, scopedRequest, traceOctets } from '../ledger/request-key.ts';
import { listWalletPage } from '../ledger/store.ts';
import { insertNotices } from '../notify/notice-store.ts';
import { notice } from '../notify/notice.ts';
import { newTraceId } from '../runtime/ids.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import { DAY_MS, instant } from '../values/instant.ts';
import { expiryFact, listWarned, type Lapsing } from './warned-store.ts';

export interface WarningRules {
  /** Members are told so many days before; 0: not at all. */
  readonly daysBefore: number;
  /** Points whose owner was not reached do not lapse: they live on for `graceDays`, and the owner is told again. */
  readonly required: boolean;
  readonly graceDays: number;
}

export interface WarningDeps {
  readonly ledger: Ledger;
  readonly pool: PostgresPool;
  readonly rules: WarningRules;
  /** IANA zone in which days end. */
  readonly zone: string;
  readonly now: number;
}

const PAGE = 1_000;
/** Early enough for a message to be answered, late enough for the warning to have had its chance. */
const DECIDED_BEFORE_MS = DAY_MS;

/**
 * Tells members which of their points lapse soon, once for each day on which some do. Where the programme promises that
 * nothing lapses unannounced, points whose owner was not reached a day before live on.
 */
export async function warnOfExpiry(deps: WarningDeps): Promise<{ warned: number; extended: bigint }> {
  const { pool, rules, now } = deps;
  let warned = 0;
  let extended = 0n;
  let after: AccountKey = { home: -1, id: 0 };
  while (rules.daysBefore > 0) {
    const page = await listWalletPage(pool, after, PAGE);
    const last = page.at(-1);
    if (last === undefined) break;
    if (rules.required) extended += await extendUnwarned(deps, page);
    const horizon = now + rules.daysBefore * DAY_MS;
    const drafts = page.flatMap(({ key, lots }) => warningsOf(key, lots, now, horizon));
    warned += await insertNotices(pool, drafts, traceOctets(newTraceId()), now);
    after = last.key;
  }
  return { warned, extended };
}

function warningsOf(key: AccountKey, lots: readonly Lot[], now: number, horizon: number) {
  const points = new Map<number, bigint>();
  for (const lot of lots) {
    if (!isSpendable(lot, now) || lot.expires > horizon || lot.expires === NEVER) continue;
    points.set(lot.expires, (points.get(lot.expires) ?? 0n) + lot.points);
  }
  return [...points].map(([expires, sum]) =>
    notice({
      subscriber: ownerOf(key.id),
      fact: expiryFact(expires),
      template: 'expiry_warning',
      variables: { points: sum, last_day: instant(expires) },
    }),
  );
}

async function extendUnwarned(
  { ledger, pool, rules, zone, now }: WarningDeps,
  page: readonly { key: AccountKey; lots: readonly Lot[] }[],
): Promise<bigint> {
  const due = page.flatMap(({ key, lots }): Lapsing[] => {
    const instants = new Set(lots.filter(isDue(now)).map(({ expires }) => expires));
    return [...instants].map((expires) => ({ key, expires }));
  });
  const warned = new Set(await listWarned(pool, due));
  const to = endOfLocalDay(now, zone, rules.graceDays);
  const extended = await Promise.all(
    due.filter((lapsing) => !warned.has(lapsing)).map((lapsing) => extend(ledger, lapsing, to)),
  );
  return extended.reduce((sum, points) => sum + points, 0n);
}

/** Also what has lapsed meanwhile and is not booked yet: no daemon ran when it should have been decided. */
function isDue(now: number): (lot: Lot) => boolean {
  return ({ expires, activeFrom }) => expires <= now + DECIDED_BEFORE_MS && activeFrom <= now;
}

async function extend(ledger: Ledger, { key, expires }: Lapsing, to: number): Promise<bigint> {
  const name = `${String(key.id)} ${String(expires)}`;
  const trace = traceOctets(newTraceId());
  const part = extendExpiry({
    wallet: key,
    isMeant: (lot) => lot.expires === expires,
    ...{ to, reason: 'not warned', actor: 'jobs' },
  });
  const request = {
    ...scopedRequest('expiry not warned', name),
    home: key.home,
    contentHash: contentHash({ account: key.id, expires }),
    ...{ trace, channel: channelNumber('system'), actor: 'jobs', operation: 'extend_expiry' },
  };
  const posted = await ledger.post({ ...part, request }, 'bulk');
  return posted.kind === 'posted' && posted.verdict.kind === 'done'
    ? (posted.verdict.data as Extended).points
    : 0n;
}
