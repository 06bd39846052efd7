import { expect } from 'chai';
import { createAssessment, dueAsOf, type Assessment } from '../../src/earning/assessment.ts';
import { birthdaysOf, tellBirthdays } from '../../src/earning/birthdays.ts';
import { openParameters, type Parameters } from '../../src/earning/parameters.ts';
import { createRecordMemberEvents } from '../../src/earning/record-member-events.ts';
import type { RuleSet } from '../../src/earning/rule-set.ts';
import { closeWallet } from '../../src/ledger/decide/close.ts';
import { auditLedger } from '../../src/ledger/store.ts';
import { manualClock, type ManualClock } from '../../src/runtime/clock.ts';
import { programmeConfig } from '../../src/runtime/config/programme.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/values/instant.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { ASSESSMENT_RULES, rulesOf } from '../support/earning.ts';
import { openTestLedger, openWallets, quietLog, wallet, type TestLedger } from '../support/ledger.ts';

const MEMBERS = 1_200;
const AS_OF = Date.UTC(2026, 0, 31, 21);

describe('the scheduled assessment', () => {
  const programme = programmeConfig.parse({});
  let db: TestDatabase;
  let ledger: TestLedger;
  let parameters: Parameters;
  let clock: ManualClock;
  let set: RuleSet;

  beforeEach(async () => {
    db = await createTestDatabase();
    ledger = await openTestLedger(db);
    parameters = await openParameters(db.pool);
    clock = manualClock(AS_OF + 5 * HOUR_MS);
    set = rulesOf(...ASSESSMENT_RULES);
    await db.pool.query(
      `insert into subscriber (id, language, zone, status, registered_at) overriding system value
        select i, 'en', 'Europe/Moscow', 'active', '2022-12-15T12:00:00Z' from generate_series(1, $1::int) i`,
      [MEMBERS],
    );
    await openWallets(
      db.pool,
      Array.from({ length: MEMBERS }, (_, index) => index + 1),
    );
    await db.pool.query(
      `insert into parameter_value (subscriber, code, as_of, value, source, recorded_at)
        select i, p.code, '2026-01-31', p.value, 'test', now() from generate_series(1, $1::int) i,
          (values ('average_spend', '50000'), ('monthly_spend', '123456'), ('late_payments', '0')) p(code, value)
        where i % 3 > 0 or p.code <> 'late_payments'`,
      [MEMBERS],
    );
    await db.pool.query(
      `insert into earning_rule_set (version, status, document, hash, engine, author, created_at, replay)
        values (7, 'published', '{}', '', '', 'test', now(), '{}')`,
    );
  });
  afterEach(async () => {
    expect(await auditLedger(db.pool)).to.include({ sum: 0n, balanceMismatches: 0n, lotMismatches: 0n });
    await ledger.close(1_000);
    await db.drop();
  });

  const open = (owner: number, over: Partial<TestLedger> = {}): Promise<Assessment> =>
    createAssessment({
      ...{ pool: db.pool, parameters, clock, log: quietLog, owner },
      ledger: { ...ledger, ...over },
      snapshot: { current: () => set },
      programme: () => programme,
      config: () => ({ assessment: 'never' }),
    });
  const totals = async () => {
    const [row] = await db.pool.query<Record<string, bigint>>(
      `select (select count(*) from assessment_result) as results, (select sum(points)::bigint from assessment_result) as points,
        (select count(*) from award where source = 'assessment') as awards,
        (select sum(balance)::bigint from account where role = 1) as balance`,
    );
    return row!;
  };
  // Two of three members have paid in time: 253 points and three awards; the others get 150 and 61.
  const WHOLE = { results: 1_200n, points: 286_800n, awards: 3_200n, balance: 286_800n };

  it('stores inputs and awards of every member, once for each date', async () => {
    const assessment = await open(1);
    const run = await assessment.start('lead', AS_OF);
    expect(await assessment.start('other', AS_OF)).to.equal(run);
    await assessment.tick();
    await assessment.tick();
    expect(await totals()).to.deep.equal(WHOLE);
    const [done] = await assessment.list(1);
    expect(done).to.include({
      state: 'done',
      members: 1_200n,
      refused: 0n,
      points: 286_800n,
      startedBy: 'lead',
    });
    const [result] = await db.pool.query<{ inputs: string; outcomes: string }>(
      'select inputs, outcomes from assessment_result where account = $1',
      [wallet(3).id],
    );
    expect(JSON.parse(result!.inputs)).to.deep.equal({
      average_spend: '50000',
      monthly_spend: '123456',
      tenure_months: '37',
    });
    expect(JSON.parse(result!.outcomes)).to.deep.equal([
      { rule: 'tenure', outcome: 'awarded', points: '150' },
      { rule: 'spend', outcome: 'awarded', points: '61' },
      { rule: 'discipline', outcome: 'parameter_missing', points: '0', detail: 'late_payments' },
    ]);
  });

  it('is taken up by another daemon where one broke off, and awards nobody twice', async () => {
    let left = 700;
    const broken = await open(1, {
      post: (operation, queue) =>
        left-- > 0 ? ledger.post(operation, queue) : Promise.reject(new Error('daemon is gone')),
    });
    await broken.start('lead', AS_OF);
    const ended = await broken.tick().then(
      () => 'done',
      (error: unknown) => (error as Error).message,
    );
    expect(ended).to.equal('daemon is gone');
    const [half] = await broken.list(1);
    expect(half).to.include({ state: 'running', cursor: 500n, members: 500n });

    const other = await open(2);
    await other.tick();
    expect((await other.list(1))[0]).to.include({ state: 'running', cursor: 500n });
    clock.advance(3 * MINUTE_MS);
    await other.tick();
    expect((await other.list(1))[0]).to.include({ state: 'done', members: 1_200n, points: 286_800n });
    expect(await totals()).to.deep.equal(WHOLE);
  });

  it('counts wallets that take no points, and goes on', async () => {
    await ledger.run(closeWallet(wallet(5), 'terminate'));
    const assessment = await open(1);
    await assessment.start('lead', AS_OF);
    await assessment.tick();
    expect((await assessment.list(1))[0]).to.include({ state: 'done', members: 1_200n, refused: 1n });
    expect((await totals())['results']).to.equal(1_199n);
  });

  it('judges everybody by a rule that fails for some', async () => {
    set = rulesOf(
      { code: 'odd', on: 'assessment', priority: 1, points: '10 / (late_payments + 0)' },
      { code: 'all', on: 'assessment', priority: 2, points: '1' },
    );
    const assessment = await open(1);
    await assessment.start('lead', AS_OF);
    await assessment.tick();
    expect((await assessment.list(1))[0]).to.include({ failures: 800n, points: 1_200n });
  });

  it('does not begin without rules for it', async () => {
    set = rulesOf({ code: 'other', on: 'purchase', points: '1' });
    expect(await (await open(1)).start('lead', AS_OF)).to.equal(undefined);
  });

  it('is due from its hour on, as of the local midnight before', () => {
    const zone = 'Europe/Moscow';
    const daily = { assessment: { every: 'day', hour: 3 } } as const;
    const monthly = { assessment: { every: 'month', hour: 3 } } as const;
    expect(dueAsOf(daily, zone, AS_OF + 3 * HOUR_MS - 1)).to.equal(undefined);
    expect(dueAsOf(daily, zone, AS_OF + 3 * HOUR_MS)).to.equal(AS_OF);
    expect(dueAsOf(daily, zone, AS_OF + DAY_MS + 4 * HOUR_MS)).to.equal(AS_OF + DAY_MS);
    expect(dueAsOf(monthly, zone, AS_OF + 3 * DAY_MS)).to.equal(AS_OF);
    expect(dueAsOf({ assessment: 'never' }, zone, AS_OF)).to.equal(undefined);
  });

  describe('birthdays', () => {
    it('are told once on the local day, and made up for after an outage', async () => {
      set = rulesOf({ code: 'cake', on: 'birthday', points: '100' });
      // Bookings take the database's time, so the test's days are today's.
      const [row] = await db.pool.query<{ now: Date }>('select now()');
      clock = manualClock(row!.now.getTime());
      const today = Math.floor((clock.now() + 3 * HOUR_MS) / DAY_MS);
      const [monthDay] = birthdaysOf(today);
      const [before] = birthdaysOf(today - 1);
      await parameters.record(
        [
          { subscriber: 1n, code: 'birthday', asOf: 1, value: monthDay! },
          { subscriber: 2n, code: 'birthday', asOf: 1, value: before! },
          { subscriber: 3n, code: 'birthday', asOf: 1, value: monthDay! },
          { subscriber: 3n, code: 'birthday', asOf: 2, value: '06-15' === monthDay ? '06-16' : '06-15' },
        ],
        'crm',
        clock.now(),
      );
      const record = await createRecordMemberEvents({
        ...{ ledger, parameters, clock, log: quietLog },
        rules: { current: () => set },
        programme: () => programme,
        config: () => ({ backdateDaysMax: 30 }),
      });
      const tell = () => tellBirthdays({ pool: db.pool, record, clock, zone: () => 'Europe/Moscow' });
      expect(await tell()).to.equal(1);
      expect(await tell()).to.equal(0);
      await db.pool.query('update birthday_day set day = day - 2');
      expect(await tell()).to.equal(2);
      const rows = await db.pool.query<{ account: bigint; points: bigint }>(
        `select account, points from award where reference = 'cake' order by account`,
      );
      expect(rows).to.deep.equal([
        { account: BigInt(wallet(1).id), points: 100n },
        { account: BigInt(wallet(2).id), points: 100n },
      ]);
    });

    it('of 29 February fall on the 28th in other years', () => {
      const day = (year: number, month: number, date: number) => Date.UTC(year, month - 1, date) / DAY_MS;
      expect(birthdaysOf(day(2027, 2, 28))).to.deep.equal(['02-28', '02-29']);
      expect(birthdaysOf(day(2028, 2, 28))).to.deep.equal(['02-28']);
      expect(birthdaysOf(day(2028, 2, 29))).to.deep.equal(['02-29']);
    });
  });
});
