import { expect } from 'chai';
import fc from 'fast-check';
import type { MemberEvent } from '../../src/earning/event.ts';
import { openParameters, type Parameters } from '../../src/earning/parameters.ts';
import { createRecordMemberEvents, type RecordMemberEvents } from '../../src/earning/record-member-events.ts';
import { documentProblemText } from '../../src/earning/rule-set.ts';
import { createRuleSets, type RuleSets } from '../../src/earning/rule-sets.ts';
import { followRules, type RuleSnapshot } from '../../src/earning/snapshot.ts';
import { Refusal } from '../../src/errors.ts';
import { manualClock, systemClock } from '../../src/runtime/clock.ts';
import { programmeConfig } from '../../src/runtime/config/programme.ts';
import { waitUntil } from '../../src/runtime/pause.ts';
import { HOUR_MS } from '../../src/values/instant.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { openTestLedger, quietLog, type TestLedger } from '../support/ledger.ts';
import { freshMsisdn, freshRequest, refusalOf, subscribersOf } from '../support/subscribers.ts';
import { openWallet, setWalletSuspended } from '../../src/ledger/store.ts';

describe('versions of the earning rules', () => {
  const clock = systemClock();
  const programme = programmeConfig.parse({});
  let db: TestDatabase;
  let ledger: TestLedger;
  let parameters: Parameters;
  let snapshot: RuleSnapshot;
  let ruleSets: RuleSets;
  let record: RecordMemberEvents;
  let member: MemberEvent['member'];
  let serial = 0;

  before(async () => {
    db = await createTestDatabase();
    ledger = await openTestLedger(db);
    parameters = await openParameters(db.pool);
    const deps = { db: db.pool, pool: db.pool, ledger, parameters, clock, log: quietLog };
    snapshot = await followRules({ ...deps, programme: () => programme });
    ruleSets = createRuleSets({ ...deps, snapshot, programme: () => programme });
    record = await createRecordMemberEvents({
      ...deps,
      rules: snapshot,
      programme: () => programme,
      config: () => ({ backdateDaysMax: 30 }),
    });
  });
  after(async () => {
    snapshot.stop();
    await ledger.close(1_000);
    await db.drop();
  });
  beforeEach(async () => {
    const subscribers = subscribersOf(db.pool, clock, {
      wallets: { open: openWallet, setSuspended: setWalletSuspended },
    });
    const registration = { msisdn: freshMsisdn(), language: 'ru', zone: 'Europe/Moscow' } as const;
    const { subscriberId } = await subscribers.register(freshRequest(), registration);
    member = { id: subscriberId, registeredAt: clock.now(), language: 'ru' };
    await db.pool.query(`update earning_rule_set set status = 'retired' where status = 'published'`);
    await snapshot.refresh();
  });

  const event = (over: Partial<MemberEvent> = {}): MemberEvent => ({
    scope: 'events shop',
    id: `order-${String(++serial)}`,
    actor: 'shop',
    trace: '0'.repeat(32),
    channel: 'api',
    type: 'purchase',
    minor: 12_000n,
    currency: 'RUB',
    occurredAt: clock.now() - HOUR_MS,
    partner: '',
    labels: [],
    member,
    ...over,
  });
  const rule = (over: object = {}) => ({
    code: 'double',
    on: 'purchase',
    points: 'amount / 500',
    examples: [{ given: { amount: 12_000 }, points: 24 }],
    ...over,
  });
  const publish = async (...rules: object[]): Promise<number> => {
    const version = await ruleSets.draft('writer', { rules });
    await ruleSets.replay(version, 30);
    await ruleSets.publish('lead', version);
    return version;
  };
  const points = async (one: MemberEvent): Promise<bigint> => {
    const [outcome] = await record([one]);
    if (outcome!.kind === 'refused') throw new Error(outcome!.code);
    return outcome!.points;
  };

  it('begins with the rates of the configuration, which a published version replaces at once', async () => {
    expect(await points(event())).to.equal(12n);
    const version = await publish(rule());
    expect(await points(event())).to.equal(24n);
    const stored = await ruleSets.get(version);
    expect(stored).to.include({
      status: 'published',
      author: 'writer',
      publisher: 'lead',
      engine: 'cel-js 8.0.0',
    });
    const next = await publish(
      rule({ points: 'amount / 250', examples: [{ given: { amount: 500 }, points: 2 }] }),
    );
    expect((await ruleSets.get(version)).status).to.equal('retired');
    expect(await points(event())).to.equal(48n);
    await ruleSets.retire(next);
    expect(await points(event())).to.equal(12n);
    expect(await refusalOf(ruleSets.publish('lead', version))).to.equal('rule_set_not_draft');
    expect(await refusalOf(ruleSets.get(99_999))).to.equal('rule_set_unknown');
  });

  it('is followed by every other daemon', async () => {
    const time = manualClock();
    const other = await followRules({
      ...{ db: db.pool, parameters, clock: time, log: quietLog },
      programme: () => programme,
    });
    const version = await publish(rule());
    expect(other.current().version).to.equal(0);
    time.advance(1_000);
    await waitUntil(() => other.current().version === version || undefined, { timeoutMs: 5_000 });
    other.stop();
  });

  it('needs a replay before it is published', async () => {
    const version = await ruleSets.draft('writer', { rules: [rule({ priority: 7 })] });
    expect(await refusalOf(ruleSets.publish('lead', version))).to.equal('rules_not_replayed');
    await ruleSets.replay(version, 1);
    await ruleSets.publish('lead', version);
    expect(await refusalOf(ruleSets.replay(version, 1))).to.equal('rule_set_not_draft');
  });

  it('never changes: neither its rules nor its end', async () => {
    const version = await publish(rule());
    const change = (set: string) =>
      db.pool.query(`update earning_rule_set set ${set} where version = $1`, [version]).then(
        () => 'changed',
        (error: unknown) => (error as Error).message,
      );
    expect(await change(`document = '{"rules":[]}'`)).to.match(/cannot be changed/);
    await ruleSets.retire(version);
    expect(await change(`status = 'published'`)).to.match(/retired for good/);
  });

  it('is the same draft when it is sent twice', async () => {
    const document = { rules: [rule({ priority: 42 })] };
    const version = await ruleSets.draft('writer', document);
    expect(await ruleSets.draft('writer', document)).to.equal(version);
    expect(await ruleSets.draft('writer', { rules: [rule({ priority: 43 })] })).to.equal(version + 1);
  });

  it('keeps the carry of a rule from version to version', async () => {
    const rate = (minorPerPoint: number) =>
      rule({
        code: 'each',
        points: undefined,
        rate: { currency: 'RUB', minorPerPoint },
        examples: [{ given: { amount: minorPerPoint, currency: 'RUB' }, points: 1 }],
      });
    await publish(rate(1_000));
    expect(await points(event({ minor: 1_900n }))).to.equal(1n);
    await publish(rule(), rate(1_100));
    const [before] = await db.pool.query<{ number: number }>(
      `select number from earning_rule_number where code = 'each'`,
    );
    // 900 left of the first version and 200 of this one make 1100; the other rule gives nothing for 200.
    expect(await points(event({ minor: 200n }))).to.equal(1n);
    expect(before).to.not.equal(undefined);
  });

  const wrong: readonly (readonly [string, object, string])[] = [
    [
      'an unknown variable',
      rule({ points: 'amount /\n amont' }),
      'rules[0].points, line 2, column 2: there is no variable amont',
    ],
    [
      'a golden case',
      rule({ examples: [{ given: { amount: 500 }, points: 2 }] }),
      'rules[0].examples[0], line 1, column 1: expected 2 points, but it gives 1 (awarded)',
    ],
    [
      'a variable of another slot',
      rule({ when: 'as_of > 0' }),
      'rules[0].when, line 1, column 1: there is no variable as_of',
    ],
    [
      'no golden case',
      rule({ examples: [] }),
      'rules[0].examples, line 1, column 1: has at least one golden case',
    ],
    ['a misspelt key', rule({ piority: 1 }), 'Unrecognized key: "piority"'],
    [
      'points and a rate',
      rule({ rate: { currency: 'RUB', minorPerPoint: 1 } }),
      'give either points or a rate',
    ],
    [
      'a value of another type',
      rule({ examples: [{ given: { amount: 'x' }, points: 0 }] }),
      'amount is no int',
    ],
  ];
  for (const [name, bad, expected] of wrong) {
    it(`is refused with ${name}, and says where`, async () => {
      const problems = await ruleSets.check({ rules: [bad] });
      expect(problems.map(documentProblemText).join('\n')).to.include(expected);
      const refusal: unknown = await ruleSets
        .draft('writer', { rules: [bad] })
        .catch((error: unknown) => error);
      expect(refusal).to.be.instanceOf(Refusal);
      expect((refusal as Refusal).code).to.equal('rules_invalid');
      expect((refusal as Refusal).detail['problems']).to.include(expected);
    });
  }

  it('replays past events on the draft and on the rules in force, and books nothing', async () => {
    await publish(rule());
    const [row] = await db.pool.query<{ n: bigint }>('select count(*) as n from business_event');
    const already = Number(row!.n);
    for (const minor of [12_000n, 500n, 100n]) await points(event({ minor }));
    const balance = () => db.pool.query(`select sum(balance) as sum from account where role = 1`);
    const before = await balance();
    const version = await ruleSets.draft('writer', {
      rules: [
        rule({ caps: { day: 10 }, examples: [{ given: { amount: 500 }, points: 1 }] }),
        rule({
          code: 'broken',
          when: 'amount / tier > 0',
          examples: [{ given: { tier: 1, amount: 1 }, points: 0 }],
        }),
      ],
    });
    const report = await ruleSets.replay(version, 1);
    expect(report.events).to.equal(already + 3);
    expect(report.truncated).to.equal(false);
    expect(report.present.failures).to.equal(0);
    expect(report.draft.failures).to.equal(report.events);
    expect(report.changed).to.be.greaterThan(0);
    expect(report.draft.points < report.present.points).to.equal(true);
    const double = report.rules.find((one) => one.rule === 'double')!;
    expect(double.points).to.equal(report.draft.points);
    expect(double.capped).to.be.greaterThan(0);
    expect(await balance()).to.deep.equal(before);
    expect(await points(event({ minor: 500n }))).to.equal(1n);
  });

  it('plans a dry run exactly as execution does (P29)', async () => {
    await publish(
      rule({
        code: 'each',
        points: undefined,
        rate: { currency: 'RUB', minorPerPoint: 700 },
        caps: { day: 60 },
        examples: [{ points: 0 }],
      }),
      rule({
        code: 'large',
        when: 'amount > 5000',
        group: 'size',
        points: 'min(amount / 1000, 9)',
        examples: [{ points: 0 }],
      }),
      rule({
        code: 'small',
        priority: 200,
        group: 'size',
        points: '1 + size(labels)',
        examples: [{ points: 1 }],
      }),
      rule({
        code: 'broken',
        priority: 300,
        when: "'night' in labels",
        points: '7 / tier',
        examples: [{ points: 0 }],
      }),
      rule({ code: 'tenth', priority: 400, points: 'share_ppm(awarded, 100000)', examples: [{ points: 0 }] }),
    );
    const events = fc.record({
      minor: fc.bigInt(0n, 9_000n),
      currency: fc.constantFrom('RUB', 'USD'),
      labels: fc.subarray(['night', 'fuel']),
    });
    await fc.assert(
      fc.asyncProperty(events, async (over) => {
        const one = event(over);
        const { plan } = await ruleSets.dryRun(member, one, undefined);
        expect(await points(one)).to.equal(plan.points);
        const awards = await db.pool.query<{ rule: string; points: bigint; inputs: string }>(
          `select reference as rule, points, inputs from award
            where created_at = (select max(recorded_at) from business_event where account = $1) and account = $1
            order by serial`,
          [member.id * 16n],
        );
        expect(awards.map(({ rule: code, points: given }) => [code, given])).to.deep.equal(
          plan.awards.map(({ rule: code, points: given }) => [code, given]),
        );
      }),
      { numRuns: 40 },
    );
  });
});
