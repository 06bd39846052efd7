import type { SwitchService } from '../billing/ports.ts';
import { Refusal } from '../errors.ts';
import { captureHold, voidHold } from '../ledger/decide/hold.ts';
import { keyOf } from '../ledger/keys.ts';
import { benefitKind } from '../ledger/kinds/benefit.ts';
import { redemptionKind } from '../ledger/kinds/redemption.ts';
import type { SagaRecord } from '../ledger/kinds/saga.ts';
import { toWrite, type Decision, type Notice, type View } from '../ledger/operation.ts';
import { REDEMPTION_STATE, type RedemptionRecord } from '../ledger/records.ts';
import type { ListedItem } from '../price-list/price-list.ts';
import { ended, endStep, readOf, stepKey, type SagaType, type StepEnd } from '../sagas/saga.ts';
import { benefitOf } from './benefit.ts';
import { cancelUntil, REDEMPTION_SAGA, type OrderData } from './redeem.ts';
import { returnPiece } from './stock.ts';

export interface ProvisioningDeps {
  switchService: SwitchService;
  /** The number that the service is for; undefined when the subscriber has none any more. */
  findMsisdn(account: number): Promise<string | undefined>;
  /** The item as it was ordered, from the list of that version. */
  findItem(version: number, code: string): Promise<ListedItem | undefined>;
  findRedemption(saga: SagaRecord): Promise<RedemptionRecord>;
  /** The message that tells the member how it ended. */
  tell(account: number, end: OrderEnd): Promise<Notice | undefined>;
}

export interface OrderEnd {
  readonly fulfilled: boolean;
  readonly item: string;
  readonly points: bigint;
}

/**
 * Finishes an order whose service billing has to switch on: points are captured only after billing said yes, and
 * return in full when it said no (bonus-core §3.5). While billing does not answer, the same question is asked again.
 */
export function provisioningSaga(deps: ProvisioningDeps): SagaType {
  return { type: REDEMPTION_SAGA, run: (saga) => provision(deps, saga) };
}

async function provision(deps: ProvisioningDeps, saga: SagaRecord): Promise<StepEnd> {
  const { service, item: code } = JSON.parse(saga.data) as OrderData;
  const redemption = await deps.findRedemption(saga);
  const msisdn = await deps.findMsisdn(saga.account);
  const answer =
    msisdn === undefined
      ? ({ kind: 'refused', reason: 'no number' } as const)
      : await deps.switchService({ key: stepKey(saga, 'provision'), msisdn, service, on: true });
  const fulfilled = answer.kind === 'done';
  const item = await deps.findItem(redemption.priceList, code);
  const tell = await deps.tell(saga.account, { fulfilled, item: code, points: redemption.points });
  return {
    operation: fulfilled ? 'fulfil_order' : 'compensate_order',
    part: endStep(saga, keysOf(saga, redemption), (view, present) => ({
      ...(fulfilled ? fulfil(view, present, redemption, item) : compensate(view, present, redemption)),
      notices: tell === undefined ? [] : [tell],
      next: ended(present, fulfilled ? 'fulfilled' : 'compensated'),
    })),
  };
}

function keysOf(saga: SagaRecord, redemption: RedemptionRecord) {
  const { stockPart, hold } = redemption;
  return {
    accounts: [keyOf(saga.account), ...(stockPart === null ? [] : [keyOf(stockPart)])],
    holds: [{ home: saga.home, account: saga.account, serial: hold! }],
    records: readOf(redemptionKind, saga, redemption.serial),
  };
}

function fulfil(
  view: View,
  saga: SagaRecord,
  { serial, hold, points }: RedemptionRecord,
  item: ListedItem | undefined,
): Decision {
  const wallet = keyOf(saga.account);
  const redemption = view.find(redemptionKind, { ...saga, serial })!;
  const captured = captureHold({ account: wallet, serial: hold!, points }).decide(view);
  const benefit = benefitOf(view, wallet, item?.benefit, redemption.item);
  return {
    ...captured,
    records: [
      toWrite(redemptionKind, {
        ...redemption,
        state: REDEMPTION_STATE.fulfilled,
        transfer: captured.transfers![0]!.id,
        benefit: benefit?.serial ?? null,
        cancelUntil: item === undefined ? null : cancelUntil(item, view.now),
      }),
      ...(benefit === undefined ? [] : [toWrite(benefitKind, benefit)]),
    ],
  };
}

/** Points and piece go back. A hold that has ended by itself has already given the points back. */
function compensate(view: View, saga: SagaRecord, { serial, hold, stockPart }: RedemptionRecord): Decision {
  const redemption = view.find(redemptionKind, { ...saga, serial })!;
  const released = voided(view, saga, hold!);
  const piece = stockPart === null ? undefined : returnPiece(view, stockPart);
  return {
    ...released,
    accounts: [...(released.accounts ?? []), ...(piece === undefined ? [] : [piece.account])],
    transfers: [...(released.transfers ?? []), ...(piece === undefined ? [] : [piece.transfer])],
    records: [toWrite(redemptionKind, { ...redemption, state: REDEMPTION_STATE.compensated })],
  };
}

function voided(view: View, saga: SagaRecord, hold: number): Decision {
  try {
    return voidHold(keyOf(saga.account), hold).decide(view);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'hold_not_active') return { data: null };
    throw error;
  }
}
