import { Refusal } from '../errors.ts';
import { reverse, type Original } from '../ledger/decide/reverse.ts';
import { availableOf } from '../ledger/lots.ts';
import { keyOf, type AccountKey } from '../ledger/keys.ts';
import { BENEFIT_STATE, benefitKind, type BenefitRecord } from '../ledger/kinds/benefit.ts';
import { redemptionKind } from '../ledger/kinds/redemption.ts';
import { sagaKind, type SagaRecord } from '../ledger/kinds/saga.ts';
import { toRead, toWrite, type Decision, type Operation, type View } from '../ledger/operation.ts';
import { REDEMPTION_STATE, type RedemptionRecord } from '../ledger/records.ts';
import { returnPiece } from './stock.ts';

export const SWITCH_OFF_SAGA = 'switch_off';

export interface GivingBack {
  readonly wallet: AccountKey;
  /** As stored when it was looked up; what may change is judged again under the lock. */
  readonly redemption: RedemptionRecord;
  readonly original: Original;
  /** Service to switch off again, for an item that billing had to switch on. */
  readonly service?: string | undefined;
}

export interface GivenBack {
  readonly item: string;
  readonly points: bigint;
  readonly lapsed: bigint;
  readonly available: bigint;
}

/**
 * Takes an item back inside its cancel window: the points return to their lots, the benefit ends, the piece goes back
 * on the shelf. It is the member's own wish, so points that lapsed meanwhile stay lapsed (bonus-core §3.4.4, §3.5).
 *
 * Refusals: `order_not_cancellable` (being provisioned, too late, used, or given back already).
 */
export function giveBack(giving: GivingBack): Pick<Operation, 'keys' | 'decide'> {
  const { wallet, redemption, original } = giving;
  const reversal = reverse({
    original,
    points: redemption.points,
    reason: `cancel ${redemption.item}`,
    lapsed: 'forfeit',
  });
  const own = { home: wallet.home, account: wallet.id };
  const { stockPart, benefit } = redemption;
  return {
    keys: {
      ...reversal.keys,
      accounts: [...reversal.keys.accounts, ...(stockPart === null ? [] : [keyOf(stockPart)])],
      records: [
        toRead(redemptionKind, redemption),
        ...(benefit === null ? [] : [toRead(benefitKind, { ...own, serial: benefit })]),
      ],
    },
    decide: (view) => decideGiveBack(view, giving, () => reversal.decide(view)),
  };
}

function decideGiveBack(view: View, giving: GivingBack, reversed: () => Decision): Decision {
  const present = view.find(redemptionKind, giving.redemption);
  if (present?.state !== REDEMPTION_STATE.fulfilled)
    throw new Refusal('order_not_cancellable', { why: 'state' });
  if (present.cancelUntil === null || view.now >= present.cancelUntil) {
    throw new Refusal('order_not_cancellable', { why: 'late' });
  }
  const benefit = unusedBenefit(view, giving, present);
  const decision = reversed();
  const piece = present.stockPart === null ? undefined : returnPiece(view, present.stockPart);
  const { points, lapsed } = decision.data as { points: bigint; lapsed: bigint };
  const owner = decision.accounts!.find((account) => account.id === giving.wallet.id)!;
  const available = availableOf(owner.lots, view.now);
  const data: GivenBack = { item: present.item, points, lapsed, available };
  return {
    ...decision,
    data,
    accounts: [...(decision.accounts ?? []), ...(piece === undefined ? [] : [piece.account])],
    transfers: [...(decision.transfers ?? []), ...(piece === undefined ? [] : [piece.transfer])],
    records: [
      toWrite(redemptionKind, { ...present, state: REDEMPTION_STATE.cancelled, cancelUntil: null }),
      ...(benefit === undefined ? [] : [toWrite(benefitKind, revoked(benefit, view.now))]),
      ...(giving.service === undefined ? [] : [toWrite(sagaKind, switchOff(view, giving, giving.service))]),
    ],
  };
}

/** @throws Refusal `order_not_cancellable` when some of it was used: what was enjoyed cannot be given back */
function unusedBenefit(
  view: View,
  { wallet }: GivingBack,
  { benefit }: RedemptionRecord,
): BenefitRecord | undefined {
  if (benefit === null) return undefined;
  const found = view.find(benefitKind, { home: wallet.home, account: wallet.id, serial: benefit })!;
  const used =
    found.effect === 'units' ? found.usesLeft !== found.value : found.state === BENEFIT_STATE.exhausted;
  if (used) throw new Refusal('order_not_cancellable', { why: 'used' });
  return found;
}

function revoked(benefit: BenefitRecord, now: number): BenefitRecord {
  return { ...benefit, state: BENEFIT_STATE.revoked, validTo: now };
}

function switchOff(view: View, { wallet, redemption }: GivingBack, service: string): SagaRecord {
  return {
    home: wallet.home,
    account: wallet.id,
    serial: view.serial(),
    type: SWITCH_OFF_SAGA,
    subject: redemption.serial,
    step: 'switch_off',
    data: JSON.stringify({ service }),
    attempts: 0,
    dueAt: view.now,
    createdAt: view.now,
  };
}
