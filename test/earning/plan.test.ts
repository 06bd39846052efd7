import { expect } from 'chai';
import fc from 'fast-check';
import { award, type Awarded } from '../../src/earning/award.ts';
import { builtinRules } from '../../src/earning/builtin-rules.ts';
import { planAwards, type EarningState, type Plan } from '../../src/earning/plan.ts';
import type { EarningRule, RuleSet } from '../../src/earning/rule-set.ts';
import { assessmentInputs, eventInputs, type EventFacts } from '../../src/earning/variables.ts';
import { awardKind, type AwardRecord } from '../../src/ledger/kinds/award.ts';
import { NEVER } from '../../src/ledger/lots.ts';
import type { RuleInputs } from '../../src/rules/value.ts';
import { DAY_MS } from '../../src/values/instant.ts';
import { ASSESSMENT_RULES, rulesOf } from '../support/earning.ts';
import { wallet } from '../support/ledger.ts';
import { CLASS, DAY_ZERO, MemoryLedger } from '../support/memory-ledger.ts';

const ZONE = 'Europe/Moscow';
const MEMBER = { registeredAt: DAY_ZERO - 1_000 * DAY_MS, language: 'en', zone: ZONE, parameters: {} };
const EMPTY: EarningState = { tier: 0, counters: [], carry: [] };

const purchase = (over: Partial<EventFacts> = {}): EventFacts => ({
  type: 'purchase',
  minor: 100_00n,
  currency: 'RUB',
  occurredAt: DAY_ZERO,
  partner: '',
  labels: [],
  ...over,
});

interface Options {
  readonly parameters?: RuleInputs;
  readonly now?: number;
  readonly admits?: (rule: EarningRule) => boolean;
}

function plan(set: RuleSet, event: EventFacts, state = EMPTY, options: Options = {}): Plan {
  const { parameters = {}, now = event.occurredAt, admits = () => true } = options;
  const inputs = eventInputs(event, { ...MEMBER, parameters });
  const rules = set.byType.get(event.type) ?? [];
  return planAwards({ rules, inputs, occurredAt: event.occurredAt, now, zone: ZONE, admits }, state);
}

const shown = ({ outcomes }: Plan): string[] =>
  outcomes.map(({ rule, outcome, points, detail }) => [rule, outcome, points, detail ?? ''].join(' ').trim());

describe('what rules come to', () => {
  it('3.4.6: a rate rounds down and carries what is left to the next event', () => {
    const set = rulesOf({
      code: 'each30',
      on: 'payment',
      rate: { currency: 'RUB', minorPerPoint: 3_000, carry: true },
    });
    const first = plan(set, purchase({ type: 'payment', minor: 100_00n }));
    expect([first.points, first.carry.map(({ remainder }) => remainder)]).to.deep.equal([3n, [10_00n]]);
    const second = plan(set, purchase({ type: 'payment', minor: 50_00n }), { ...EMPTY, carry: first.carry });
    expect([second.points, second.carry.map(({ remainder }) => remainder)]).to.deep.equal([2n, [0n]]);
  });

  it('3.4.6: without carry the remainder is lost', () => {
    const rate = { currency: 'RUB', minorPerPoint: 3_000, carry: false };
    const set = rulesOf({ code: 'each30', on: 'payment', rate });
    const first = plan(set, purchase({ type: 'payment' }));
    const second = plan(set, purchase({ type: 'payment', minor: 50_00n }), { ...EMPTY, carry: first.carry });
    expect([first.points, second.points, second.carry]).to.deep.equal([3n, 1n, []]);
  });

  it('3.4.7: an assessment gives 253 points as three lots of one request, with what it looked at', () => {
    const set = rulesOf(...ASSESSMENT_RULES);
    const ledger = new MemoryLedger().open(1);
    const registeredAt = Date.UTC(2022, 11, 1, 12);
    const parameters = { average_spend: 500_00n, monthly_spend: 1_234_56n, late_payments: 0n };
    const inputs = assessmentInputs(DAY_ZERO, { ...MEMBER, registeredAt, parameters });
    const rules = set.byType.get('assessment')!;
    const admits = (): boolean => true;
    const planning = { rules, inputs, occurredAt: DAY_ZERO, now: DAY_ZERO, zone: ZONE, admits };
    const done = ledger.done(
      award({
        to: wallet(1),
        source: 'assessment',
        version: set.version,
        classId: CLASS.earned,
        expiresAt: () => NEVER,
        debtSharePpm: 0n,
        plan: (state) => planAwards(planning, state),
        records: () => [],
      }),
    ) as Awarded;
    expect(inputs['tenure_months']).to.equal(37n);
    expect(done.points).to.equal(253n);
    expect(ledger.transfers.map(({ amount, reason }) => [amount, reason])).to.deep.equal([
      [150n, 'tenure'],
      [61n, 'spend'],
      [42n, 'discipline'],
    ]);
    expect(ledger.transfers.map(({ slices }) => slices.map(({ points }) => points))).to.deep.equal([
      [150n],
      [61n],
      [42n],
    ]);
    expect(new Set(ledger.transfers.map(({ requestKey }) => requestKey.toString('hex'))).size).to.equal(1);
    const awards = [...ledger.records.get(awardKind)!.values()] as AwardRecord[];
    expect(
      awards.map(({ reference, version, inputs: seen, transfer }) => [reference, version, seen, transfer]),
    ).to.deep.equal([
      ['tenure', 7, '{"tenure_months":"37"}', ledger.transfers[0]!.id],
      ['spend', 7, '{"average_spend":"50000","monthly_spend":"123456"}', ledger.transfers[1]!.id],
      ['discipline', 7, '{"awarded":"211","late_payments":"0"}', ledger.transfers[2]!.id],
    ]);
    expect(ledger.of(1).balance).to.equal(253n);
  });

  it('lets awards of one event pay off a debt one after another', () => {
    const set = rulesOf(
      { code: 'a', on: 'purchase', priority: 1, points: '30' },
      { code: 'b', on: 'purchase', priority: 2, points: '30' },
    );
    const ledger = new MemoryLedger().open(1);
    ledger.change(1, { debt: 40n });
    const done = ledger.done(
      award({
        to: wallet(1),
        source: 'rule',
        version: 1,
        classId: CLASS.earned,
        expiresAt: () => NEVER,
        debtSharePpm: 1_000_000n,
        plan: (state) => plan(set, purchase(), state),
        records: () => [],
      }),
    ) as Awarded;
    expect(done).to.include({ points: 60n, settledDebt: 40n, available: 20n });
    expect(ledger.of(1).debt).to.equal(0n);
  });

  it('gives nothing on a parameter that nobody told, unless the rule says what to take instead', () => {
    const rule = { code: 'punctual', on: 'payment', when: 'late_payments == 0', points: '10' };
    const told = { late_payments: 0n };
    const event = purchase({ type: 'payment' });
    expect(shown(plan(rulesOf(rule), event))).to.deep.equal(['punctual parameter_missing 0 late_payments']);
    expect(plan(rulesOf(rule), event, EMPTY, { parameters: told }).points).to.equal(10n);
    const withDefault = rulesOf({ ...rule, defaults: { late_payments: 3 } });
    expect(shown(plan(withDefault, event))).to.deep.equal(['punctual condition_false 0']);
  });

  it('takes the first rule of a group that gives something', () => {
    const set = rulesOf(
      { code: 'low', on: 'purchase', priority: 3, group: 'size', points: '1' },
      { code: 'high', on: 'purchase', priority: 1, group: 'size', when: 'amount >= 50000', points: '100' },
      { code: 'none', on: 'purchase', priority: 2, group: 'size', points: '0' },
      { code: 'apart', on: 'purchase', priority: 9, points: 'awarded' },
    );
    expect(shown(plan(set, purchase({ minor: 500_00n })))).to.deep.equal([
      'high awarded 100',
      'none group_taken 0',
      'low group_taken 0',
      'apart awarded 100',
    ]);
    expect(shown(plan(set, purchase({ minor: 499_99n })))).to.deep.equal([
      'high condition_false 0',
      'none nothing 0',
      'low awarded 1',
      'apart awarded 1',
    ]);
  });

  it('stops a rule that fails, and only that one', () => {
    const set = rulesOf(
      { code: 'broken', on: 'purchase', priority: 1, points: '100 / tier' },
      { code: 'negative', on: 'purchase', priority: 2, points: '-5' },
      { code: 'sound', on: 'purchase', priority: 3, points: '7' },
    );
    expect(shown(plan(set, purchase()))).to.deep.equal([
      'broken failed 0 division by zero',
      'negative failed 0 -5 points cannot be given',
      'sound awarded 7',
    ]);
    const resting = plan(set, purchase(), EMPTY, { admits: ({ code }) => code !== 'broken' });
    expect(shown(resting)[0]).to.equal('broken resting 0');
  });

  it('judges validity by when it happened, caps by when it is booked', () => {
    const set = rulesOf({
      code: 'january',
      on: 'purchase',
      valid: { from: '2026-01-01T00:00:00+03:00', to: '2026-02-01T00:00:00+03:00' },
      caps: { day: 15 },
      points: '10',
    });
    const end = Date.UTC(2026, 0, 31, 21);
    expect(plan(set, purchase({ occurredAt: end - 1 }), EMPTY, { now: end + DAY_MS }).points).to.equal(10n);
    expect(shown(plan(set, purchase({ occurredAt: end })))).to.deep.equal(['january not_valid_then 0']);
    const first = plan(set, purchase(), EMPTY, { now: end });
    const sameDay = plan(
      set,
      purchase({ occurredAt: end - DAY_MS }),
      { ...EMPTY, ...first },
      { now: end + 1 },
    );
    expect(shown(sameDay)).to.deep.equal(['january capped 5']);
    const nextDay = plan(set, purchase(), { ...EMPTY, ...sameDay }, { now: end + DAY_MS });
    expect(nextDay.points).to.equal(10n);
  });

  it('keeps the tighter of a day and a month', () => {
    const set = rulesOf({ code: 'a', on: 'purchase', caps: { day: 15, month: 25 }, points: '10' });
    let state = EMPTY;
    const given = [0, 0, 1, 1, 31].map((day) => {
      const made = plan(set, purchase({ occurredAt: DAY_ZERO + day * DAY_MS }), state);
      state = { ...state, counters: made.counters };
      return made.points;
    });
    expect(given).to.deep.equal([10n, 5n, 10n, 0n, 10n]);
  });

  it('never applies a rate to another currency', () => {
    const set = builtinRules([{ rule: 1, event: 'purchase', currency: 'RUB', minorPerPoint: 1_000n }]);
    expect(shown(plan(set, purchase({ currency: 'USD' })))).to.deep.equal(['rate_1 other_currency 0']);
    expect(plan(set, purchase()).points).to.equal(10n);
  });

  it('comes to the same sum in whatever order events arrive (P6)', () => {
    const set = rulesOf(
      { code: 'rate', on: 'purchase', rate: { currency: 'RUB', minorPerPoint: 700 }, caps: { day: 40 } },
      { code: 'large', on: 'purchase', when: 'amount > 3000', points: 'amount / 1000', caps: { month: 9 } },
      { code: 'fuel', on: 'purchase', when: "'fuel' in labels", points: '2' },
    );
    const events = fc.array(
      fc.record({ minor: fc.bigInt(0n, 9_000n), labels: fc.subarray(['fuel', 'food']) }),
      { maxLength: 12 },
    );
    const shuffled = events.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    const run = (list: readonly { minor: bigint; labels: string[] }[]) => {
      let state = EMPTY;
      let points = 0n;
      for (const event of list) {
        const made = plan(set, purchase(event), state);
        state = { ...state, counters: made.counters, carry: made.carry };
        points += made.points;
      }
      const amounts = state.counters.map(({ policy, amount }) => [policy, amount]);
      return { points, carry: state.carry, amounts: amounts.sort() };
    };
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        expect(run(other)).to.deep.equal(run(list));
      }),
    );
  });
});
