import { assert, Refusal } from '../../errors.ts';
import { countUse } from '../counters.ts';
import { formatRef, SYSTEM, type AccountKey } from '../keys.ts';
import { availableOf, type Lot } from '../lots.ts';
import type { Decision, Operation, View } from '../operation.ts';
import type { AccountRecord } from '../records.ts';
import { credit, debit, debitable, receivable, transferOf } from './moves.ts';

export interface MemberTransfer {
  readonly from: AccountKey;
  readonly to: AccountKey;
  readonly points: bigint;
  /** Charged on top, to the sender. */
  readonly fee: bigint;
  /** Class that a slice of `classId` has after the transfer (source `transfer`, one deeper), interned beforehand. */
  classAfter(classId: number): number;
  readonly limits: readonly TransferLimit[];
}

/** A calendar window on one side of the transfer. */
export interface TransferLimit {
  readonly name: string;
  readonly side: 'sender' | 'recipient';
  readonly policy: number;
  windowStart(now: number): number;
  readonly countMax: number;
  readonly amountMax: bigint;
}

export interface Transferred {
  readonly points: bigint;
  readonly fee: bigint;
  readonly available: bigint;
  readonly transfer: string;
}

/**
 * Moves points between two members and keeps their expiry, issuer and cost (bonus-core §3.4.3, mode preserve).
 *
 * Refusals: `transfer_to_self`, `points_insufficient`, `not_transferable`, `limit_exceeded`, `account_frozen`,
 * `account_closed`, `account_unknown`, `subscriber_suspended`, `recipient_unknown` (suspended).
 */
export function transfer(move: MemberTransfer): Pick<Operation, 'keys' | 'decide'> {
  assert(move.points > 0n && move.fee >= 0n, 'a transfer moves a positive number of points');
  return { keys: { accounts: [move.from, move.to] }, decide: (view) => decideTransfer(view, move) };
}

export function decideTransfer(view: View, move: MemberTransfer): Decision & { readonly data: Transferred } {
  if (move.from.id === move.to.id) throw new Refusal('transfer_to_self');
  const sender = counted(view, debitable(view.account(move.from.id)), move, 'sender');
  const recipient = counted(view, receivable(view.account(move.to.id)), move, 'recipient');
  const transferable = (lot: Lot): boolean => view.classOf(lot.classId).transferable;
  const available = availableOf(sender.lots, view.now);
  const wanted = move.points + move.fee;
  if (available < wanted) throw new Refusal('points_insufficient', { available, wanted });
  const paid = debit(view, sender, move.points, transferable);
  const lots = paid.slices.map((slice) => ({ ...slice, classId: move.classAfter(slice.classId), origin: 0 }));
  const main = transferOf(view, {
    kind: 'transfer',
    src: move.from.id,
    dst: move.to.id,
    amount: move.points,
    slices: paid.slices,
  });
  const fee = move.fee > 0n ? debit(view, paid.account, move.fee) : undefined;
  const from = fee?.account ?? paid.account;
  const feeTransfer =
    fee &&
    transferOf(view, {
      kind: 'fee',
      src: move.from.id,
      dst: SYSTEM.redeemed,
      amount: move.fee,
      slices: fee.slices,
    });
  return {
    data: {
      points: move.points,
      fee: move.fee,
      available: availableOf(from.lots, view.now),
      transfer: formatRef({ account: move.from.id, serial: main.id }),
    },
    accounts: [from, credit(view, recipient, lots)],
    transfers: feeTransfer === undefined ? [main] : [main, feeTransfer],
  };
}

/** The account with its limit counters moved on. */
function counted(
  view: View,
  account: AccountRecord,
  move: MemberTransfer,
  side: TransferLimit['side'],
): AccountRecord {
  let counters = account.counters;
  for (const limit of move.limits) {
    if (limit.side !== side) continue;
    const next = countUse(counters, limit.policy, limit.windowStart(view.now), move.points);
    if (next.used.count > limit.countMax || next.used.amount > limit.amountMax) {
      throw new Refusal('limit_exceeded', {
        limit: limit.name,
        count: limit.countMax,
        amount: limit.amountMax,
      });
    }
    counters = next.counters;
  }
  return { ...account, counters };
}
