import { assert, Refusal } from '../../errors.ts';
import { formatRef, SYSTEM, systemOf, type AccountKey, type RecordRef } from '../keys.ts';
import { availableOf, take, totalOf, type Lot } from '../lots.ts';
import type { Decision, Operation, View } from '../operation.ts';
import { HOLD_STATE, type AccountRecord, type HoldRecord, type TransferRecord } from '../records.ts';
import { debit, debitable, putLot, transferOf } from './moves.ts';

/**
 * Points set aside for a while. Their slices leave the lots for the hold row, so an expiry sweep does not see them;
 * a hold ends once: captured, voided or expired (bonus-core §3.3, §3.4.2).
 */
export interface Placing {
  readonly from: AccountKey;
  readonly points: bigint;
  readonly ttlMs: number;
}

export interface Placed {
  readonly hold: RecordRef;
  readonly points: bigint;
  readonly available: bigint;
  readonly expiresAt: number;
}

/** Refusals: `points_insufficient`, `account_frozen`, `account_closed`, `account_unknown`, `subscriber_suspended`. */
export function placeHold(placing: Placing): Pick<Operation, 'keys' | 'decide'> {
  return {
    keys: { accounts: [placing.from] },
    decide: (view) => {
      const before = debitable(view.account(placing.from.id));
      const { account, slices } = debit(view, before, placing.points);
      const held: AccountRecord = {
        ...account,
        balance: before.balance,
        held: before.held + placing.points,
      };
      const hold: HoldRecord = {
        home: placing.from.home,
        account: placing.from.id,
        serial: view.serial(),
        amount: placing.points,
        captured: 0n,
        state: HOLD_STATE.active,
        slices,
        expiresAt: view.now + placing.ttlMs,
        createdAt: view.now,
      };
      const data: Placed = {
        hold: { account: hold.account, serial: hold.serial },
        points: placing.points,
        available: availableOf(held.lots, view.now),
        expiresAt: hold.expiresAt,
      };
      return { data, accounts: [held], holds: [hold] };
    },
  };
}

export interface Capturing {
  readonly account: AccountKey;
  readonly serial: number;
  readonly points: bigint;
  /** Partner who accepts the points; the operator when absent. */
  readonly acceptor?: number;
}

export interface Released {
  readonly captured: bigint;
  readonly released: bigint;
  /** Released points that were already past their expiry and lapsed at once. */
  readonly lapsed: bigint;
  readonly available: bigint;
  readonly transfer: string | null;
}

/** Spends up to the held amount, once; the rest returns. Refusals: `hold_not_active`, `capture_exceeds_hold`. */
export function captureHold(capturing: Capturing): Pick<Operation, 'keys' | 'decide'> {
  assert(capturing.points > 0n, 'a capture takes a positive number of points');
  return {
    keys: { accounts: [capturing.account], holds: [holdKeyOf(capturing.account, capturing.serial)] },
    decide: (view) => {
      const hold = activeHold(view, capturing.account, capturing.serial);
      if (view.now >= hold.expiresAt) throw new Refusal('hold_not_active', { state: 'expired' });
      if (capturing.points > hold.amount) throw new Refusal('capture_exceeds_hold', { held: hold.amount });
      return endHold(view, hold, capturing.points, HOLD_STATE.captured, capturing.acceptor);
    },
  };
}

/** Gives all of it back. Refusal: `hold_not_active`. */
export function voidHold(account: AccountKey, serial: number): Pick<Operation, 'keys' | 'decide'> {
  return {
    keys: { accounts: [account], holds: [holdKeyOf(account, serial)] },
    decide: (view) => endHold(view, activeHold(view, account, serial), 0n, HOLD_STATE.voided),
  };
}

/** As a void, by the sweep, for a hold whose time is over. Refusal: `hold_not_active`. */
export function expireHold(account: AccountKey, serial: number): Pick<Operation, 'keys' | 'decide'> {
  return {
    keys: { accounts: [account], holds: [holdKeyOf(account, serial)] },
    decide: (view) => {
      const hold = activeHold(view, account, serial);
      if (view.now < hold.expiresAt) throw new Refusal('hold_not_active', { state: 'not_due' });
      return endHold(view, hold, 0n, HOLD_STATE.expired);
    },
  };
}

function holdKeyOf(account: AccountKey, serial: number) {
  return { home: account.home, account: account.id, serial };
}

const STATE_NAMES = ['active', 'captured', 'voided', 'expired'] as const;

function activeHold(view: View, account: AccountKey, serial: number): HoldRecord {
  const hold = view.findHold(holdKeyOf(account, serial));
  if (hold === undefined) throw new Refusal('hold_not_active', { state: 'unknown' });
  if (hold.state !== HOLD_STATE.active)
    throw new Refusal('hold_not_active', { state: STATE_NAMES[hold.state] ?? '' });
  return hold;
}

function endHold(view: View, hold: HoldRecord, captured: bigint, state: number, acceptor = 0): Decision {
  const account = view.account(hold.account);
  const { left, slices } = take(hold.slices, captured, () => true);
  const lapsed = left.filter((lot) => lot.expires <= view.now);
  const returned = left.filter((lot) => lot.expires > view.now);
  const transfers: TransferRecord[] = [];
  if (captured > 0n) transfers.push(spentOf(view, hold, 'capture', systemOf(acceptor, 'redeemed'), slices));
  if (lapsed.length > 0) transfers.push(spentOf(view, hold, 'expire', SYSTEM.breakage, lapsed));
  let lots = account.lots;
  for (const lot of returned) lots = putLot(view, lots, lot);
  const after: AccountRecord = {
    ...account,
    lots,
    held: account.held - hold.amount,
    balance: account.balance - captured - totalOf(lapsed),
  };
  const data: Released = {
    captured,
    released: totalOf(returned),
    lapsed: totalOf(lapsed),
    available: availableOf(lots, view.now),
    transfer: captured > 0n ? formatRef({ account: hold.account, serial: transfers[0]!.id }) : null,
  };
  return { data, accounts: [after], holds: [{ ...hold, captured, state }], transfers };
}

function spentOf(
  view: View,
  hold: HoldRecord,
  kind: 'capture' | 'expire',
  dst: number,
  slices: readonly Lot[],
): TransferRecord {
  return transferOf(view, { kind, src: hold.account, dst, amount: totalOf(slices), slices });
}
