import { assert, Refusal } from '../errors.ts';
import { reverse, type Reversed } from '../ledger/decide/reverse.ts';
import { partnerOperationKind, type PartnerOperationRecord } from '../ledger/kinds/partner-operation.ts';
import { keyOf, poolPart, POOL_PARTS, type AccountKey } from '../ledger/keys.ts';
import { toRead, toWrite, type Decision, type Operation, type View } from '../ledger/operation.ts';
import { contentHash } from '../ledger/request-key.ts';
import { findTransfer } from '../ledger/store.ts';
import { DAY_MS } from '../values/instant.ts';
import type { Agreement } from './agreement.ts';
import { capturedTransfer } from './holds.ts';
import {
  carryOut,
  findBefore,
  getOperation,
  joined,
  recordOf,
  requestOf,
  type PartnerActor,
  type PartnerOperationDeps,
} from './operation.ts';
import { quotaPoolOf, returnQuota } from './quota.ts';

export interface PurchaseRefund {
  /** The partner's number of the refund. */
  readonly id: string;
  /** Number of the receipt. */
  readonly purchase: string;
  /** What was given back, in minor units: at most what is left of the purchase. */
  readonly minor: bigint;
}

export interface Refunded {
  readonly points: bigint;
  readonly replayed: boolean;
}

interface Named {
  readonly points: bigint;
}

/**
 * Goods came back: the points that what is left of the purchase does not earn are taken back. What the member has
 * spent of them becomes debt, never a negative balance.
 *
 * @throws Refusal `partner_operation_unknown`, `reversal_exceeds_original` (more than was paid), `idempotency_mismatch`
 */
export async function refundPurchase(
  deps: PartnerOperationDeps,
  actor: PartnerActor,
  { id, purchase, minor }: PurchaseRefund,
): Promise<Refunded> {
  const hash = contentHash({ purchase, minor });
  const before = await findBefore(deps, actor, 'purchase_refund', id, hash);
  if (before !== undefined) return { points: before.points, replayed: true };
  const bought = await getOperation(deps, actor, 'purchase', purchase);
  const agreement = (await deps.published.current()).getAgreement(bought.agreement);
  const wallet = keyOf(bought.account);
  const original =
    bought.transfer === null ? undefined : await findTransfer(deps.pool, bought.home, bought.transfer);
  const quota = quotaPartOf(agreement, bought.serial);
  const part: Pick<Operation, 'keys' | 'decide'> = {
    keys: {
      accounts: [wallet, ...(quota === undefined ? [] : [quota])],
      records: [toRead(partnerOperationKind, bought)],
      ...(original && { reversals: [{ home: original.home, transfer: original.id }] }),
    },
    decide: (view) => {
      const found = view.find(partnerOperationKind, bought);
      assert(found !== undefined, 'a purchase that was found stays');
      const { points, after } = takenBack(found, minor, agreement);
      const reversed: Decision =
        points === 0n || original === undefined
          ? { data: null, accounts: [view.account(wallet.id)] }
          : reverse({ original, points, reason: 'purchase refunded', lapsed: 'forfeit' }).decide(view);
      const back = points === 0n || quota === undefined ? {} : returnQuota(view, agreement, quota, points);
      const record = refundRecord(view, found, 'purchase_refund', id, points, minor);
      const records = [toWrite(partnerOperationKind, after), toWrite(partnerOperationKind, record)];
      const data: Named = { points };
      return { ...joined(joined(reversed, back), { records }), data };
    },
  };
  const { data, replayed } = await carryOut(deps.ledger, part, requestOf(actor, 'purchase_refund', id, hash));
  return { points: (data as Named).points, replayed };
}

/** Points that the purchase no longer earns, by what is left of it; decided under the lock, so refunds add up. */
function takenBack(
  purchase: PartnerOperationRecord,
  minor: bigint,
  { minorPerPoint }: Agreement,
): { points: bigint; after: PartnerOperationRecord } {
  const paid = purchase.minor ?? 0n;
  const refundedMinor = purchase.refundedMinor + minor;
  if (refundedMinor > paid) {
    throw new Refusal('reversal_exceeds_original', { left: paid - purchase.refundedMinor });
  }
  const earnedBy = (amount: bigint): bigint => amount / minorPerPoint;
  const points = earnedBy(paid - purchase.refundedMinor) - earnedBy(paid - refundedMinor);
  return { points, after: { ...purchase, refundedMinor } };
}

/** One part of the quota, always the same one for a purchase: rights to give come back there. */
function quotaPartOf(agreement: Agreement, serial: number): AccountKey | undefined {
  const number = quotaPoolOf(agreement);
  return number === undefined ? undefined : poolPart(number, serial % POOL_PARTS);
}

export interface HoldRefund {
  /** The partner's number of the refund. */
  readonly id: string;
  /** Number of the order. */
  readonly hold: string;
  readonly points: bigint;
  /** Whose fault it is: points that lapsed meanwhile live again for a while only when it is not the customer's. */
  readonly fault: 'customer' | 'partner';
}

/**
 * Points that were captured return to the lots they came from, with the expiry they had (bonus-core §3.4.4).
 *
 * @throws Refusal `partner_operation_unknown`, `hold_not_active`, `reversal_exceeds_original`, `idempotency_mismatch`
 */
export async function refundHold(
  deps: PartnerOperationDeps,
  actor: PartnerActor,
  { id, hold, points, fault }: HoldRefund,
): Promise<Refunded & { readonly lapsed: bigint | undefined }> {
  const hash = contentHash({ hold, points, fault });
  const before = await findBefore(deps, actor, 'hold_refund', id, hash);
  if (before !== undefined) return { points: before.points, lapsed: undefined, replayed: true };
  const held = await getOperation(deps, actor, 'hold', hold);
  const original = await findTransfer(deps.pool, held.home, capturedTransfer(held));
  assert(original !== undefined, 'a captured hold has its transfer');
  const agreement = (await deps.published.current()).getAgreement(held.agreement);
  const reversing = reverse({
    original,
    points,
    reason: `refund by ${actor.partner.code}`,
    lapsed: fault === 'customer' ? 'forfeit' : { graceMs: agreement.graceDays * DAY_MS },
  });
  const part: Pick<Operation, 'keys' | 'decide'> = {
    keys: reversing.keys,
    decide: (view) => {
      const record = refundRecord(view, held, 'hold_refund', id, points, null);
      return joined(reversing.decide(view), { records: [toWrite(partnerOperationKind, record)] });
    },
  };
  const { data, replayed } = await carryOut(deps.ledger, part, requestOf(actor, 'hold_refund', id, hash));
  return { points, lapsed: (data as Reversed).lapsed, replayed };
}

function refundRecord(
  view: View,
  subject: PartnerOperationRecord,
  kind: 'purchase_refund' | 'hold_refund',
  reference: string,
  points: bigint,
  minor: bigint | null,
): PartnerOperationRecord {
  const { partner, agreement, account, home } = subject;
  return recordOf(
    view,
    { home, id: account },
    { partner, kind, reference, agreement, points, minor, subject: subject.serial, occurredAt: view.now },
  );
}
