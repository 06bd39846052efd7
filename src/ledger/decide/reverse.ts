import { assert, Refusal } from '../../errors.ts';
import { homeOf, keyOf, SYSTEM } from '../keys.ts';
import { isSpendable, take, totalOf, type Lot } from '../lots.ts';
import type { Decision, Operation, View } from '../operation.ts';
import { TRANSFER_KIND, type AccountRecord, type ReversalRecord, type TransferRecord } from '../records.ts';
import { credit, transferOf } from './moves.ts';

/** The immutable original, read before the operation; how much is already reversed is read under the lock. */
export type Original = Pick<TransferRecord, 'home' | 'id' | 'kind' | 'src' | 'dst' | 'amount' | 'slices'>;

export interface Reversing {
  readonly original: Original;
  readonly points: bigint;
  readonly reason: string;
  /**
   * What becomes of restored points that have lapsed meanwhile: `forfeit` (the customer's own wish) lets them lapse
   * at once, a number of milliseconds (our or a partner's fault) gives them that long (bonus-core §3.4.4).
   */
  readonly lapsed: 'forfeit' | { readonly graceMs: number };
}

export interface Reversed {
  readonly points: bigint;
  readonly restored: bigint;
  readonly lapsed: bigint;
  /** Part of a claw-back that the member could not give back. */
  readonly debt: bigint;
}

const REVERSIBLE: readonly number[] = [
  TRANSFER_KIND.earn,
  TRANSFER_KIND.spend,
  TRANSFER_KIND.capture,
  TRANSFER_KIND.transfer,
  TRANSFER_KIND.adjust,
  TRANSFER_KIND.fee,
  TRANSFER_KIND.buy,
];

/**
 * Undoes a transfer or part of it with a mirror transfer against the same lots; the original is never touched.
 *
 * Refusals: `reversal_exceeds_original`, `transfer_unknown` (a kind that is not reversed), `points_insufficient` (the
 * recipient of a member transfer has spent them), `account_unknown`.
 */
export function reverse(reversing: Reversing): Pick<Operation, 'keys' | 'decide'> {
  const { original } = reversing;
  assert(reversing.points > 0n, 'a reversal undoes a positive number of points');
  const accounts = [original.src, original.dst].filter((id) => id > 0).map(keyOf);
  return {
    keys: { accounts, reversals: [{ home: original.home, transfer: original.id }] },
    decide: (view) => {
      if (!REVERSIBLE.includes(original.kind)) throw new Refusal('transfer_unknown', { kind: original.kind });
      const already = view.reversedOf({ home: original.home, transfer: original.id });
      if (already + reversing.points > original.amount) {
        throw new Refusal('reversal_exceeds_original', { left: original.amount - already });
      }
      const mark: ReversalRecord = {
        home: original.home,
        transfer: original.id,
        reversed: already + reversing.points,
      };
      const part = slicePart(original.slices, already, reversing.points);
      const decision = original.src < 0 ? clawBack(view, reversing, part) : giveBack(view, reversing, part);
      return { ...decision, reversals: [mark] };
    },
  };
}

/** The slices of the original from `skip` on, `points` of them: partial reversals never restore a slice twice. */
function slicePart(slices: readonly Lot[], skip: bigint, points: bigint): readonly Lot[] {
  const rest = take(slices, skip, () => true).left;
  return take(rest, points, () => true).slices;
}

/** Points had left a member: they return to their lots with the expiry they had. */
function giveBack(view: View, reversing: Reversing, part: readonly Lot[]): Decision {
  const { original, points, reason } = reversing;
  const accounts: AccountRecord[] = [];
  if (original.dst > 0) accounts.push(takeFromRecipient(view, original.dst, part));
  const restored = part.map((lot) => graceful(lot, view.now, reversing.lapsed));
  const lapsed = restored.filter((lot) => lot.expires <= view.now);
  const kept = restored.filter((lot) => lot.expires > view.now);
  const mirror = transferOf(
    view,
    { kind: 'reverse', src: original.dst, dst: original.src, amount: points, slices: part, reason },
    original.src,
  );
  const transfers = [mirror];
  const member = credit(view, view.account(original.src), kept);
  if (lapsed.length > 0) {
    transfers.push(
      transferOf(view, {
        kind: 'expire',
        src: original.src,
        dst: SYSTEM.breakage,
        amount: totalOf(lapsed),
        slices: lapsed,
      }),
    );
  }
  accounts.push(member);
  const data: Reversed = { points, restored: totalOf(kept), lapsed: totalOf(lapsed), debt: 0n };
  return { data, accounts, transfers };
}

/**
 * The points that come back are of the issuers and at the costs they were sent with: others that the recipient holds
 * would make one issuer pay for another's points (P16).
 */
function takeFromRecipient(view: View, id: number, part: readonly Lot[]): AccountRecord {
  const recipient = view.account(id);
  let { lots } = recipient;
  for (const [worth, points] of pointsByWorth(view, part)) {
    const isAlike = (lot: Lot): boolean => isSpendable(lot, view.now) && worthOf(view, lot) === worth;
    const available = totalOf(lots.filter(isAlike));
    if (available < points) throw new Refusal('points_insufficient', { available, wanted: points });
    lots = take(lots, points, isAlike).left;
  }
  return { ...recipient, lots, balance: recipient.balance - totalOf(part) };
}

function worthOf(view: View, { classId }: Lot): string {
  const { issuer, costNum, costDen } = view.classOf(classId);
  return [issuer, costNum, costDen].join('/');
}

function pointsByWorth(view: View, part: readonly Lot[]): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const lot of part) {
    const worth = worthOf(view, lot);
    sums.set(worth, (sums.get(worth) ?? 0n) + lot.points);
  }
  return sums;
}

function graceful(lot: Lot, now: number, rule: Reversing['lapsed']): Lot {
  if (lot.expires > now || rule === 'forfeit') return lot;
  return { ...lot, expires: now + rule.graceMs };
}

/**
 * Points had been given to a member: taken from the lots they came in, then from other lots of the same issuer; what
 * is missing becomes debt, never a negative balance (bonus-core §3.4.5).
 */
function clawBack(view: View, reversing: Reversing, part: readonly Lot[]): Decision {
  const { original, points, reason } = reversing;
  const before = view.account(original.dst);
  const { lots, taken } = takeBack(view, before, part, points);
  const got = totalOf(taken);
  const shortfall = points - got;
  const transfers: TransferRecord[] = [];
  const mirror = { kind: 'reverse', dst: original.src, reason } as const;
  if (got > 0n)
    transfers.push(transferOf(view, { ...mirror, src: original.dst, amount: got, slices: taken }));
  if (shortfall > 0n) {
    transfers.push(
      transferOf(view, { ...mirror, src: SYSTEM.debt, amount: shortfall, slices: [] }, original.dst),
    );
  }
  const account: AccountRecord = {
    ...before,
    lots,
    balance: before.balance - got,
    debt: before.debt + shortfall,
  };
  const data: Reversed = { points, restored: 0n, lapsed: 0n, debt: shortfall };
  assert(homeOf(original.dst) === original.home, 'an earning lies in the home of its member');
  return { data, accounts: [account], transfers };
}

function takeBack(view: View, account: AccountRecord, part: readonly Lot[], points: bigint) {
  const isOrigin = (lot: Lot): boolean =>
    part.some(
      (slice) =>
        slice.classId === lot.classId && slice.expires === lot.expires && slice.origin === lot.origin,
    );
  const issuers = new Set(part.map((slice) => view.classOf(slice.classId).issuer));
  const isSameIssuer = (lot: Lot): boolean =>
    isSpendable(lot, view.now) && issuers.has(view.classOf(lot.classId).issuer);
  let lots = account.lots;
  const taken: Lot[] = [];
  let open = points;
  for (const accept of [isOrigin, isSameIssuer]) {
    const there = totalOf(lots.filter(accept));
    const step = take(lots, there < open ? there : open, accept);
    lots = step.left;
    taken.push(...step.slices);
    open -= totalOf(step.slices);
  }
  return { lots, taken };
}
