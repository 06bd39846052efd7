import { expire, type Expired } from '../ledger/decide/expire.ts';
import { expireHold } from '../ledger/decide/hold.ts';
import { keyOf, type AccountKey } from '../ledger/keys.ts';
import type { Lot } from '../ledger/lots.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Operation } from '../ledger/operation.ts';
import { channelNumber, contentHash, traceOctets } from '../ledger/request-key.ts';
import { listLapsedHolds, listWalletPage } from '../ledger/store.ts';
import { newTraceId } from '../runtime/ids.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import { listWarned } from './warned-store.ts';

export interface Swept {
  readonly wallets: number;
  readonly points: bigint;
  readonly holds: number;
}

const PAGE = 1_000;

/**
 * Books what time has already done: lapsed lots go to breakage, lapsed holds return. Spendable points never depend on
 * it. With `onlyWarned` points stay where their owner was not told before (jobs/expiry-warnings). Runs through the bulk queue; stopping half-way loses nothing, the next run finds what is left.
 */
export async function sweep(
  ledger: Ledger,
  pool: PostgresPool,
  now: number,
  onlyWarned = false,
): Promise<Swept> {
  const holds = await sweepHolds(ledger, pool, now);
  let wallets = 0;
  let points = 0n;
  let after: AccountKey = { home: -1, id: 0 };
  for (;;) {
    const page = await listWalletPage(pool, after, PAGE);
    const last = page.at(-1);
    if (last === undefined) return { wallets, points, holds };
    const lapsed = page.filter(({ lots }) => lots.some((lot) => lot.expires <= now));
    const parts = onlyWarned ? await warnedParts(pool, lapsed, now) : lapsed.map(({ key }) => expire(key));
    const results = await Promise.all(
      parts.map((part) => post(ledger, 'expire', part.keys.accounts[0]!.home, part)),
    );
    for (const verdict of results) {
      if (verdict.kind !== 'done') continue;
      wallets += 1;
      points += (verdict.data as Expired).points;
    }
    after = last.key;
  }
}

/** Nothing is asked of wallets none of whose lapsed points may be booked. */
async function warnedParts(
  pool: PostgresPool,
  wallets: readonly { readonly key: AccountKey; readonly lots: readonly Lot[] }[],
  now: number,
): Promise<Pick<Operation, 'keys' | 'decide'>[]> {
  const lapsing = wallets.flatMap(({ key, lots }) => {
    const instants = new Set(lots.map(({ expires }) => expires).filter((expires) => expires <= now));
    return [...instants].map((expires) => ({ key, expires }));
  });
  const warned = await listWarned(pool, lapsing);
  return wallets.flatMap(({ key }) => {
    const told = new Set(warned.filter((one) => one.key.id === key.id).map(({ expires }) => expires));
    return told.size === 0 ? [] : [expire(key, (lot) => told.has(lot.expires))];
  });
}

async function sweepHolds(ledger: Ledger, pool: PostgresPool, now: number): Promise<number> {
  let ended = 0;
  for (;;) {
    const due = await listLapsedHolds(pool, now, PAGE);
    const results = await Promise.all(
      due.map(({ account, serial }) => {
        const key = keyOf(account);
        return post(ledger, 'expire_hold', key.home, expireHold(key, serial));
      }),
    );
    const done = results.filter((verdict) => verdict.kind === 'done').length;
    ended += done;
    if (due.length < PAGE || done === 0) return ended;
  }
}

/** Decided under the lock by what is then lapsed, so a sweep needs no memory of having been there. */
async function post(
  ledger: Ledger,
  operation: string,
  home: number,
  part: Pick<Operation, 'keys' | 'decide'>,
) {
  const trace = traceOctets(newTraceId());
  const request = {
    home,
    key: trace,
    contentHash: contentHash({ operation }),
    trace,
    channel: channelNumber('system'),
    actor: 'sweep',
    operation,
  };
  const posted = await ledger.post({ ...part, request }, 'bulk');
  return posted.kind === 'posted' ? posted.verdict : { kind: 'refused' as const };
}
