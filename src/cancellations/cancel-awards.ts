import { assert } from '../errors.ts';
import type { AwardRecord } from '../ledger/kinds/award.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { channelNumber, contentHash, scopedRequest, traceOctets } from '../ledger/request-key.ts';
import { findTransfer } from '../ledger/store.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import type { TraceId } from '../values/trace.ts';
import { listAwards, sumAwards, type AwardSelection, type AwardSum } from './award-store.ts';
import { cancelAward, type AwardCancelled } from './cancel-award.ts';

export interface Cancelling {
  readonly selection: AwardSelection;
  readonly reason: string;
  readonly actor: string;
  readonly trace: TraceId;
}

export interface Cancelled {
  readonly awards: number;
  readonly points: bigint;
  /** What members had spent already, and owe now. */
  readonly debt: bigint;
  /** There are more: call again. */
  readonly more: boolean;
}

const PAGE = 500;
/** So many in one call, so that whoever waits for it sees it go on. */
const AWARDS_MAX = 10_000;

/** What {@link cancelAwards} would take back now; nothing is changed. */
export function previewCancellation(pool: PostgresPool, selection: AwardSelection): Promise<AwardSum> {
  return sumAwards(pool, selection);
}

/**
 * Takes back all awards of a rule within a time, through the bulk queue, each in a commit of its own.
 *
 * Stopping half-way loses nothing: called again it goes on with what is left, and nothing is taken back twice, because
 * every award remembers that it was cancelled.
 */
export async function cancelAwards(
  { pool, ledger }: { readonly pool: PostgresPool; readonly ledger: Ledger },
  cancelling: Cancelling,
): Promise<Cancelled> {
  let after = { home: -1, account: 0, serial: 0 };
  let sum: Cancelled = { awards: 0, points: 0n, debt: 0n, more: false };
  for (let seen = 0; ; seen += PAGE) {
    if (seen >= AWARDS_MAX) return { ...sum, more: true };
    const page = await listAwards(pool, cancelling.selection, after, PAGE);
    const last = page.at(-1);
    if (last === undefined) return sum;
    const done = await Promise.all(page.map((award) => cancelOne(pool, ledger, cancelling, award)));
    for (const { points, debt } of done) {
      const awards = sum.awards + (points > 0n ? 1 : 0);
      sum = { awards, points: sum.points + points, debt: sum.debt + debt, more: false };
    }
    after = last;
  }
}

async function cancelOne(
  pool: PostgresPool,
  ledger: Ledger,
  { reason, actor, trace }: Cancelling,
  award: AwardRecord,
): Promise<AwardCancelled> {
  const original = await findTransfer(pool, award.home, award.transfer!);
  assert(original !== undefined, 'an award has its transfer');
  const name = `${String(award.account)} ${String(award.serial)}`;
  const posted = await ledger.post(
    {
      ...cancelAward(award, original, reason),
      request: {
        ...scopedRequest('cancel award', `${name} ${trace}`),
        home: award.home,
        contentHash: contentHash({ account: award.account, serial: award.serial }),
        trace: traceOctets(trace),
        channel: channelNumber('system'),
        actor,
        operation: 'cancel_award',
      },
    },
    'bulk',
  );
  if (posted.kind !== 'posted' || posted.verdict.kind !== 'done') return { points: 0n, debt: 0n };
  return posted.verdict.data as AwardCancelled;
}
