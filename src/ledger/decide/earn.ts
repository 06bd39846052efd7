import { assert, Refusal } from '../../errors.ts';
import { countUse } from '../counters.ts';
import { formatRef, SYSTEM, systemOf, type AccountKey, type SystemAccount } from '../keys.ts';
import { availableOf, NEVER, type Lot } from '../lots.ts';
import type { Operation, View } from '../operation.ts';
import type { AccountRecord, TransferKind, TransferRecord } from '../records.ts';
import { credit, creditable, earnable, transferOf } from './moves.ts';

export interface Earning {
  readonly to: AccountKey;
  readonly points: bigint;
  readonly classId: number;
  /** When the points lapse, by the time of posting; {@link NEVER} for points that do not. */
  expiresAt(now: number, owner: AccountRecord): number;
  /** When they become spendable; at once when absent. */
  activeFrom?(now: number): number;
  /** Keep the lot traceable to this transfer: bought, pending and voidable points. */
  readonly traceable?: boolean;
  readonly from: SystemAccount;
  /** Partner who issues the points; the operator when absent. */
  readonly issuer?: number;
  readonly kind: Extract<TransferKind, 'earn' | 'adjust' | 'buy'>;
  readonly reason?: string;
  /** Largest sum this rule may give within its window; what is above it is not given. */
  readonly cap?: { readonly policy: number; windowStart(now: number): number; readonly amount: bigint };
  /** A rule that carries its remainder below one point to the next event. */
  readonly carry?: { readonly rule: number; earn(remainder: bigint): { points: bigint; remainder: bigint } };
  /** Share of new points that settles debt first, in ppm. */
  readonly debtSharePpm: bigint;
}

export interface Earned {
  readonly points: bigint;
  readonly settledDebt: bigint;
  readonly available: bigint;
  readonly transfer: string | null;
  readonly expires: number;
}

const PPM = 1_000_000n;

/**
 * Gives points: issue -> wallet. A member in debt pays it off out of what is earned, as two visible lines
 * (bonus-core §3.3, §3.4.5, §3.4.6).
 *
 * Refusals: `account_closed`, `account_unknown`, `limit_exceeded` (cap used up); `subscriber_suspended` for what is
 * earned: what was bought or is given by hand arrives all the same.
 */
export function earn(earning: Earning): Pick<Operation, 'keys' | 'decide'> {
  return {
    keys: { accounts: [earning.to] },
    decide: (view) => {
      const before = (earning.kind === 'earn' ? earnable : creditable)(view.account(earning.to.id));
      const { account, points } = amountOf(view, before, earning);
      if (points === 0n) return { data: nothingEarned(view, account), accounts: [account] };
      const id = view.serial();
      const lot: Lot = {
        classId: earning.classId,
        activeFrom: earning.activeFrom?.(view.now) ?? 0,
        expires: earning.expiresAt(view.now, before),
        points,
        origin: earning.traceable === true ? id : 0,
      };
      assert(lot.expires > lot.activeFrom, 'points lapse after they become spendable');
      const transfer = transferOf(view, {
        id,
        kind: earning.kind,
        src: systemOf(earning.issuer ?? 0, earning.from),
        dst: earning.to.id,
        amount: points,
        slices: [lot],
        ...(earning.reason !== undefined && { reason: earning.reason }),
      });
      const settled = settleDebt(view, account, lot, earning.debtSharePpm);
      const data: Earned = {
        points,
        settledDebt: settled.amount,
        available: availableOf(settled.account.lots, view.now),
        transfer: formatRef({ account: earning.to.id, serial: id }),
        expires: lot.expires,
      };
      return { data, accounts: [settled.account], transfers: [transfer, ...settled.transfers] };
    },
  };
}

function nothingEarned(view: View, account: AccountRecord): Earned {
  return {
    points: 0n,
    settledDebt: 0n,
    available: availableOf(account.lots, view.now),
    transfer: null,
    expires: NEVER,
  };
}

/** The points by rule carry and cap; the account with its carry and counter moved on. */
function amountOf(
  view: View,
  before: AccountRecord,
  earning: Earning,
): { account: AccountRecord; points: bigint } {
  let account = before;
  let points = earning.points;
  if (earning.carry !== undefined) {
    const { rule } = earning.carry;
    const remainder = account.carry.find((entry) => entry.rule === rule)?.remainder ?? 0n;
    const earned = earning.carry.earn(remainder);
    points = earned.points;
    const others = account.carry.filter((entry) => entry.rule !== rule);
    account = { ...account, carry: [...others, { rule, remainder: earned.remainder }] };
  }
  if (earning.cap !== undefined && points > 0n) {
    const { policy, amount } = earning.cap;
    const windowStart = earning.cap.windowStart(view.now);
    const known = account.counters.find(
      (entry) => entry.policy === policy && entry.windowStart === windowStart,
    );
    const room = amount - (known?.amount ?? 0n);
    if (room <= 0n) throw new Refusal('limit_exceeded', { limit: 'earning', amount });
    points = points < room ? points : room;
    account = { ...account, counters: countUse(account.counters, policy, windowStart, points).counters };
  }
  return { account, points };
}

/** Credits a lot, of which a share first pays off what the member owes (bonus-core §3.4.5). */
export function settleDebt(
  view: View,
  before: AccountRecord,
  lot: Lot,
  sharePpm: bigint,
): { account: AccountRecord; amount: bigint; transfers: TransferRecord[] } {
  const share = (lot.points * sharePpm) / PPM;
  const amount = share < before.debt ? share : before.debt;
  if (amount === 0n) return { account: credit(view, before, [lot]), amount, transfers: [] };
  const kept = { ...lot, points: lot.points - amount };
  const account = credit(view, before, kept.points > 0n ? [kept] : []);
  const transfer = transferOf(view, {
    kind: 'debt',
    src: before.id,
    dst: SYSTEM.debt,
    amount,
    slices: [{ ...lot, points: amount }],
  });
  return { account: { ...account, debt: before.debt - amount }, amount, transfers: [transfer] };
}
