import { Refusal } from '../../errors.ts';
import { homeOf } from '../keys.ts';
import { rankOfSource } from '../lot-classes.ts';
import { availableOf, isSpendable, put, putAll, take, type Lot } from '../lots.ts';
import type { View } from '../operation.ts';
import {
  ACCOUNT_STATUS,
  TRANSFER_KIND,
  type AccountRecord,
  type TransferKind,
  type TransferRecord,
} from '../records.ts';

/** The bookkeeping that several decisions share: who may be debited, what a transfer row looks like. */

export function rankOf(view: View): (classId: number) => number {
  return (classId) => rankOfSource(view.classOf(classId).source);
}

/** @throws Refusal `account_closed` */
export function creditable(account: AccountRecord): AccountRecord {
  if (account.status === ACCOUNT_STATUS.closed) throw new Refusal('account_closed');
  return account;
}

/**
 * What a member earns by what they do; a suspended one earns nothing (bonus-core §3.3, Earn: "member active").
 *
 * @throws Refusal `account_closed`, `subscriber_suspended`
 */
export function earnable(account: AccountRecord): AccountRecord {
  if (account.status === ACCOUNT_STATUS.suspended) throw new Refusal('subscriber_suspended');
  return creditable(account);
}

/**
 * Who gets points from another member. The sender learns nothing about the recipient but that it cannot be.
 *
 * @throws Refusal `account_closed`, `recipient_unknown`
 */
export function receivable(account: AccountRecord): AccountRecord {
  if (account.status === ACCOUNT_STATUS.suspended) throw new Refusal('recipient_unknown');
  return creditable(account);
}

/** @throws Refusal `account_closed`, `account_frozen`, `subscriber_suspended` */
export function debitable(account: AccountRecord): AccountRecord {
  if (account.status === ACCOUNT_STATUS.suspended) throw new Refusal('subscriber_suspended');
  return correctable(account);
}

/**
 * What staff takes away by hand: suspension keeps a member from spending, not us from correcting.
 *
 * @throws Refusal `account_closed`, `account_frozen`
 */
export function correctable(account: AccountRecord): AccountRecord {
  if (account.status === ACCOUNT_STATUS.suspended) return account;
  if (account.status === ACCOUNT_STATUS.closed) throw new Refusal('account_closed');
  if (account.status !== ACCOUNT_STATUS.active) throw new Refusal('account_frozen');
  return account;
}

export interface Debit {
  readonly account: AccountRecord;
  readonly slices: readonly Lot[];
}

/**
 * Takes spendable points out of the lots, soonest expiry first.
 *
 * @throws Refusal `points_insufficient` with `available`
 */
export function debit(
  view: View,
  account: AccountRecord,
  points: bigint,
  accept?: (lot: Lot) => boolean,
): Debit {
  const available = availableOf(account.lots, view.now);
  if (available < points) throw new Refusal('points_insufficient', { available, wanted: points });
  const acceptable = (lot: Lot): boolean =>
    isSpendable(lot, view.now) && (accept === undefined || accept(lot));
  if (accept !== undefined && availableOf(account.lots.filter(accept), view.now) < points) {
    throw new Refusal('not_transferable', { available });
  }
  const { left, slices } = take(account.lots, points, acceptable);
  return { account: { ...account, lots: left, balance: account.balance - points }, slices };
}

export function credit(view: View, account: AccountRecord, lots: readonly Lot[]): AccountRecord {
  let points = 0n;
  for (const lot of lots) points += lot.points;
  return {
    ...account,
    lots: putAll(account.lots, lots, rankOf(view), view.now),
    balance: account.balance + points,
  };
}

export function putLot(view: View, lots: readonly Lot[], lot: Lot): readonly Lot[] {
  return put(lots, lot, rankOf(view), view.now);
}

export interface TransferDraft {
  readonly kind: TransferKind;
  readonly src: number;
  readonly dst: number;
  readonly amount: bigint;
  readonly slices: readonly Lot[];
  readonly reason?: string;
  /** Given where a lot must already know the transfer it comes from. */
  readonly id?: number;
}

/** A transfer lies in the home of the account it leaves, or of the one it reaches when a system account pays. */
export function transferOf(
  view: View,
  draft: TransferDraft,
  owner = draft.src > 0 ? draft.src : draft.dst,
): TransferRecord {
  return {
    home: homeOf(owner),
    id: draft.id ?? view.serial(),
    kind: TRANSFER_KIND[draft.kind],
    src: draft.src,
    dst: draft.dst,
    amount: draft.amount,
    slices: draft.slices,
    requestHome: view.request.home,
    requestKey: view.request.key,
    reason: draft.reason ?? null,
    at: view.now,
  };
}
