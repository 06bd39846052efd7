import { assert, Refusal } from '../errors.ts';
import { fillPool } from '../ledger/decide/pool.ts';
import { transferOf } from '../ledger/decide/moves.ts';
import { poolPart, POOL_PARTS, systemOf, type AccountKey } from '../ledger/keys.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { RequestIdentity, View } from '../ledger/operation.ts';
import type { AccountRecord, TransferRecord } from '../ledger/records.ts';
import { isPoolFilled, listPool, openPool } from '../ledger/store.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import type { Agreement } from './agreement.ts';

/**
 * How many points a partner may still give: bought in advance, or the cap of a postpaid agreement. A ceiling that all
 * members share lies in a pool of sixteen accounts, so that tills seldom wait for each other (ADR 5).
 */

/** Pools of the price list have smaller numbers. */
const PREPAID_POOLS = 10_000_000;
const CAP_POOLS = 20_000_000;

export function prepaidPool(partner: number): number {
  return PREPAID_POOLS + partner;
}

/** The pool that points given under the agreement come out of; none for postpaid without a cap. */
export function quotaPoolOf(
  agreement: Pick<Agreement, 'id' | 'partner' | 'model' | 'cap'>,
): number | undefined {
  if (agreement.model === 'prepaid_points') return prepaidPool(agreement.partner);
  return agreement.cap === undefined ? undefined : CAP_POOLS + agreement.id;
}

/** Opens the pool of a new agreement, and fills a cap once. */
export async function openQuota(
  pool: PostgresPool,
  ledger: Ledger,
  agreement: Agreement,
  request: RequestIdentity,
): Promise<void> {
  const number = quotaPoolOf(agreement);
  if (number === undefined) return;
  await openPool(pool, number);
  if (agreement.model === 'prepaid_points' || (await isPoolFilled(pool, number))) return;
  const filled = fillPool(number, agreement.cap!, {
    source: systemOf(agreement.partner, 'quota'),
    reason: `cap of ${agreement.reference}`,
  });
  await ledger.post({ ...filled, request }, 'bulk');
}

export async function quotaLeft(pool: PostgresPool, number: number): Promise<bigint> {
  return (await listPool(pool, number)).reduce((sum, part) => sum + part, 0n);
}

/** A part must hold so many times what is taken, or all parts are looked at. */
const PLENTY = 1_000n;

/**
 * The parts to lock for giving `points`: one, chosen by `chance` in [0, 1), while each could be taken from a thousand
 * times before we lock it; all of them when the quota runs low.
 */
export async function quotaParts(
  pool: PostgresPool,
  number: number,
  points: bigint,
  chance: number | undefined,
): Promise<readonly AccountKey[]> {
  const held = await listPool(pool, number);
  const rich = held.flatMap((left, part) => (left >= points * PLENTY ? [part] : []));
  const chosen = chance === undefined ? undefined : rich[Math.floor(chance * rich.length)];
  if (chosen !== undefined) return [poolPart(number, chosen)];
  return Array.from({ length: POOL_PARTS }, (_, part) => poolPart(number, part));
}

export interface QuotaMove {
  readonly accounts: readonly AccountRecord[];
  readonly transfers: readonly TransferRecord[];
}

/** Nothing was decided: between the look and the lock the one part was drained. All parts have to be looked at. */
export class QuotaPartDrained extends Error {
  override readonly name = 'QuotaPartDrained';
}

/**
 * Takes rights to give points out of the parts, the first ones first.
 *
 * @throws Refusal `partner_prepaid_exhausted`, or `limit_exceeded` for a cap, when all parts together hold too little
 */
export function takeQuota(
  view: View,
  agreement: Agreement,
  parts: readonly AccountKey[],
  points: bigint,
): QuotaMove {
  const accounts: AccountRecord[] = [];
  const transfers: TransferRecord[] = [];
  let open = points;
  for (const { id } of parts) {
    const account = view.account(id);
    const taken = account.balance < open ? account.balance : open;
    if (taken === 0n) continue;
    open -= taken;
    accounts.push({ ...account, balance: account.balance - taken });
    transfers.push(moveOf(view, id, systemOf(agreement.partner, 'quota'), taken));
  }
  if (open === 0n) return { accounts, transfers };
  if (parts.length < POOL_PARTS) throw new QuotaPartDrained('a quota part was drained');
  if (agreement.model === 'prepaid_points') throw new Refusal('partner_prepaid_exhausted');
  throw new Refusal('limit_exceeded', { limit: 'agreement_cap', amount: agreement.cap ?? 0n });
}

/** Gives rights back into a part, for points that were taken back from a member. */
export function returnQuota(view: View, agreement: Agreement, part: AccountKey, points: bigint): QuotaMove {
  assert(points > 0n, 'a positive number of points returns');
  const account = view.account(part.id);
  return {
    accounts: [{ ...account, balance: account.balance + points }],
    transfers: [moveOf(view, systemOf(agreement.partner, 'quota'), part.id, points)],
  };
}

function moveOf(view: View, src: number, dst: number, amount: bigint): TransferRecord {
  return transferOf(view, { kind: 'pool', src, dst, amount, slices: [] });
}
