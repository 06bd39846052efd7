import { assert } from '../errors.ts';
import { settleDebt } from '../ledger/decide/earn.ts';
import { earnable, transferOf } from '../ledger/decide/moves.ts';
import { SYSTEM, type AccountKey } from '../ledger/keys.ts';
import { awardKind } from '../ledger/kinds/award.ts';
import { availableOf, type Lot } from '../ledger/lots.ts';
import { toWrite, type Operation, type RecordWrite, type View } from '../ledger/operation.ts';
import type { AccountRecord, TransferRecord } from '../ledger/records.ts';
import type { RuleInputs } from '../rules/value.ts';
import type { EarningState, Plan } from './plan.ts';

export interface Awarding {
  readonly to: AccountKey;
  readonly source: 'rule' | 'assessment';
  readonly version: number;
  readonly classId: number;
  expiresAt(now: number, owner: AccountRecord): number;
  readonly debtSharePpm: bigint;
  /** Pure: decides what is given, on the account as it is under the lock. Throws Refusal for a business "no". */
  plan(state: EarningState, now: number): Plan;
  /** Records that commit with the awards: the event itself, or the member's result. */
  records(plan: Plan, state: EarningState, view: View): readonly RecordWrite[];
}

/** The stored answer; what is asked again gets it again. */
export interface Awarded {
  readonly points: bigint;
  readonly settledDebt: bigint;
  readonly available: bigint;
  readonly awards: readonly { readonly rule: string; readonly points: bigint }[];
  readonly failed: readonly string[];
}

/**
 * Books one plan: every award is a lot, a transfer and an award record of its own, all under one request
 * (bonus-core §3.4.7). What is given first pays off debt.
 *
 * Refusals: `account_closed`, `account_unknown`, `subscriber_suspended`, and what `plan` throws.
 */
export function award(awarding: Awarding): Pick<Operation, 'keys' | 'decide'> {
  return {
    keys: { accounts: [awarding.to] },
    decide: (view) => {
      const before = earnable(view.account(awarding.to.id));
      const plan = awarding.plan(before, view.now);
      const booked = book(view, { ...before, counters: plan.counters, carry: plan.carry }, plan, awarding);
      return {
        ...booked,
        accounts: [booked.account],
        records: [...booked.records, ...awarding.records(plan, before, view)],
        data: answerOf(view, booked, plan),
      };
    },
  };
}

interface Booked {
  readonly account: AccountRecord;
  readonly transfers: readonly TransferRecord[];
  readonly records: readonly RecordWrite[];
  readonly settledDebt: bigint;
}

function book(view: View, before: AccountRecord, plan: Plan, awarding: Awarding): Booked {
  let account = before;
  let settledDebt = 0n;
  const transfers: TransferRecord[] = [];
  const records: RecordWrite[] = [];
  const expires = plan.awards.length === 0 ? 0 : awarding.expiresAt(view.now, before);
  for (const { rule, points, inputs } of plan.awards) {
    const id = view.serial();
    const lot: Lot = { classId: awarding.classId, activeFrom: 0, expires, points, origin: 0 };
    assert(expires > view.now, 'points lapse after they are given');
    const given = transferOf(view, {
      id,
      kind: 'earn',
      src: SYSTEM.issue,
      dst: awarding.to.id,
      amount: points,
      slices: [lot],
      reason: rule,
    });
    const settled = settleDebt(view, account, lot, awarding.debtSharePpm);
    account = settled.account;
    settledDebt += settled.amount;
    transfers.push(given, ...settled.transfers);
    records.push(recordOf(view, awarding, { rule, points, inputs }, id));
  }
  return { account, transfers, records, settledDebt };
}

function recordOf(
  view: View,
  { to, source, version }: Awarding,
  { rule, points, inputs }: Plan['awards'][number],
  transfer: number,
): RecordWrite {
  return toWrite(awardKind, {
    home: to.home,
    account: to.id,
    serial: view.serial(),
    source,
    reference: rule,
    version,
    inputs: inputsText(inputs),
    points,
    transfer,
    cancelled: 0n,
    createdAt: view.now,
  });
}

function answerOf(view: View, { account, settledDebt }: Booked, plan: Plan): Awarded {
  return {
    points: plan.points,
    settledDebt,
    available: availableOf(account.lots, view.now),
    awards: plan.awards.map(({ rule, points }) => ({ rule, points })),
    failed: plan.outcomes.filter(({ outcome }) => outcome === 'failed').map(({ rule }) => rule),
  };
}

/** Inputs as stored: whole numbers as decimal text. */
export function inputsText(inputs: RuleInputs): string {
  return JSON.stringify(inputs, (_name, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}
