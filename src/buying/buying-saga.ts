import type { ExpiresAt } from '../bonus/expiry.ts';
import type { MoveMoney } from '../billing/ports.ts';
import { Refusal } from '../errors.ts';
import { earn } from '../ledger/decide/earn.ts';
import { keyOf } from '../ledger/keys.ts';
import type { SagaRecord } from '../ledger/kinds/saga.ts';
import type { Decision, Notice, View } from '../ledger/operation.ts';
import { ended, endStep, nextStep, stepKey, type SagaType, type StepEnd } from '../sagas/saga.ts';
import { BUYING_SAGA, type BuyingData } from './buy.ts';

export interface BuyingDeps {
  moveMoney: MoveMoney;
  findMsisdn(account: number): Promise<string | undefined>;
  /** Lot class of bought points. */
  readonly classId: number;
  expiresAt(): ExpiresAt;
  /** The message that tells the member how it ended. */
  tell(account: number, end: BuyingEnd): Promise<Notice | undefined>;
}

export interface BuyingEnd {
  readonly bought: boolean;
  readonly points: bigint;
}

/** Charge, then points; if the wallet cannot take them any more, the money goes back. */
export function buyingSaga(deps: BuyingDeps): SagaType {
  return {
    type: BUYING_SAGA,
    run: (saga) => (saga.step === 'refund' ? refund(deps, saga) : charge(deps, saga)),
  };
}

async function charge(deps: BuyingDeps, saga: SagaRecord): Promise<StepEnd> {
  const order = JSON.parse(saga.data) as BuyingData;
  const points = BigInt(order.points);
  const msisdn = await deps.findMsisdn(saga.account);
  const answer =
    msisdn === undefined ? undefined : await deps.moveMoney(orderOf(saga, order, msisdn, 'charge'));
  const bought = answer?.kind === 'done';
  const tell = await deps.tell(saga.account, { bought, points });
  const notices = tell === undefined ? [] : [tell];
  return {
    operation: bought ? 'buy_points' : 'decline_purchase',
    part: endStep(saga, { accounts: [keyOf(saga.account)] }, (view, present) =>
      bought
        ? credit(deps, view, present, points, notices)
        : { data: null, notices, next: ended(present, 'declined') },
    ),
  };
}

/** The money is ours: the points go in, or the saga turns round and gives the money back. */
function credit(
  deps: BuyingDeps,
  view: View,
  saga: SagaRecord,
  points: bigint,
  notices: readonly Notice[],
): Decision & { readonly next: SagaRecord } {
  const earning = earn({
    to: keyOf(saga.account),
    points,
    classId: deps.classId,
    expiresAt: deps.expiresAt(),
    from: 'sold',
    kind: 'buy',
    reason: 'bought points',
    debtSharePpm: 0n,
  });
  try {
    return { ...earning.decide(view), notices, next: ended(saga, 'bought') };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { data: null, next: nextStep(saga, 'refund', view.now) };
  }
}

async function refund(deps: BuyingDeps, saga: SagaRecord): Promise<StepEnd> {
  const order = JSON.parse(saga.data) as BuyingData & { readonly msisdn?: string };
  const msisdn = await deps.findMsisdn(saga.account);
  if (msisdn !== undefined) await deps.moveMoney(orderOf(saga, order, msisdn, 'refund'));
  return {
    operation: 'refund_purchase',
    part: endStep(saga, { accounts: [keyOf(saga.account)] }, (_, present) => ({
      data: null,
      next: ended(present, 'refunded'),
    })),
  };
}

function orderOf(
  saga: SagaRecord,
  { minor, currency }: BuyingData,
  msisdn: string,
  direction: 'charge' | 'refund',
): Parameters<MoveMoney>[0] {
  return { key: stepKey(saga, direction), msisdn, direction, minor: BigInt(minor), currency };
}
