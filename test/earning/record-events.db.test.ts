import { expect } from 'chai';
import type { MemberEvent } from '../../src/earning/event.ts';
import { openParameters, type Parameters } from '../../src/earning/parameters.ts';
import { createRecordMemberEvents, type RecordMemberEvents } from '../../src/earning/record-member-events.ts';
import type { RuleSet } from '../../src/earning/rule-set.ts';
import { auditLedger } from '../../src/ledger/store.ts';
import { programmeConfig } from '../../src/runtime/config/programme.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { DAY_MS, HOUR_MS } from '../../src/values/instant.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { rulesOf } from '../support/earning.ts';
import { openTestLedger, openWallets, quietLog, wallet, type TestLedger } from '../support/ledger.ts';

const TRACE = '0'.repeat(32);

describe('recording events', () => {
  const clock = systemClock();
  let db: TestDatabase;
  let ledger: TestLedger;
  let parameters: Parameters;
  let record: RecordMemberEvents;
  let set: RuleSet;
  let member = 0;
  let serial = 0;

  before(async () => {
    db = await createTestDatabase();
    ledger = await openTestLedger(db);
    parameters = await openParameters(db.pool);
    record = await createRecordMemberEvents({
      ledger,
      rules: { current: () => set },
      parameters,
      clock,
      log: quietLog,
      programme: () => programmeConfig.parse({}),
      config: () => ({ backdateDaysMax: 30 }),
    });
  });
  after(async () => {
    expect(await auditLedger(db.pool)).to.include({ sum: 0n, balanceMismatches: 0n, lotMismatches: 0n });
    await ledger.close(1_000);
    await db.drop();
  });
  beforeEach(async () => {
    member += 1;
    await openWallets(db.pool, [member]);
    set = rulesOf({ code: 'tenth', on: 'purchase', points: 'amount / 1000' });
  });

  const event = (over: Partial<MemberEvent> = {}): MemberEvent => ({
    scope: 'events shop',
    id: `order-${String(++serial)}`,
    actor: 'shop',
    trace: TRACE,
    channel: 'api',
    type: 'purchase',
    minor: 12_345n,
    currency: 'RUB',
    occurredAt: clock.now() - HOUR_MS,
    partner: 'fuel',
    labels: ['night'],
    member: { id: BigInt(member), registeredAt: clock.now() - 400 * DAY_MS, language: 'ru' },
    ...over,
  });
  const rows = (table: 'award' | 'business_event') =>
    db.pool.query<Record<string, unknown>>(`select * from ${table} where account = $1 order by serial`, [
      wallet(member).id,
    ]);

  it('books an event with its record and every award in one commit, and answers it again when told twice', async () => {
    set = rulesOf(
      { code: 'tenth', on: 'purchase', priority: 1, points: 'amount / 1000' },
      { code: 'loyal', on: 'purchase', priority: 2, when: 'tenure_months >= 13', points: 'awarded * 2' },
    );
    const told = event();
    expect(await record([told, told])).to.deep.equal([
      { kind: 'recorded', points: 36n },
      { kind: 'replayed', points: 36n },
    ]);
    set = rulesOf({ code: 'dearer', on: 'purchase', points: 'amount' });
    expect(await record([told])).to.deep.equal([{ kind: 'replayed', points: 36n }]);
    const awards = await rows('award');
    expect(
      awards.map(({ source, reference, version, points }) => [source, reference, version, points]),
    ).to.deep.equal([
      ['rule', 'tenth', 7, 12n],
      ['rule', 'loyal', 7, 24n],
    ]);
    expect(awards.map(({ inputs }) => JSON.parse(inputs as string) as unknown)).to.deep.equal([
      { amount: '12345' },
      { awarded: '12', tenure_months: '13' },
    ]);
    const [recorded, ...more] = await rows('business_event');
    expect(more).to.deep.equal([]);
    expect(recorded).to.include({ type: 'purchase', minor: 12_345n, currency: 'RUB', partner: 'fuel' });
    expect(recorded).to.include({ labels: '["night"]', version: 7, points: 36n });
    expect(recorded!['occurred_at']).to.deep.equal(new Date(told.occurredAt));
  });

  it('refuses another fact under the same id', async () => {
    const told = event();
    await record([told]);
    expect(await record([{ ...told, minor: 1n }])).to.deep.equal([
      { kind: 'refused', code: 'idempotency_mismatch' },
    ]);
    expect(await rows('business_event')).to.have.length(1);
  });

  it('records what earns nothing', async () => {
    expect(await record([event({ type: 'visit' })])).to.deep.equal([{ kind: 'recorded', points: 0n }]);
    expect((await rows('business_event')).map(({ type, points }) => [type, points])).to.deep.equal([
      ['visit', 0n],
    ]);
    expect(await rows('award')).to.deep.equal([]);
  });

  it('takes late events up to the limit and refuses older ones for good', async () => {
    const now = clock.now();
    const old = event({ occurredAt: now - 30 * DAY_MS - HOUR_MS });
    expect(await record([event({ occurredAt: now - 30 * DAY_MS + HOUR_MS }), old, old])).to.deep.equal([
      { kind: 'recorded', points: 12n },
      { kind: 'refused', code: 'event_backdated' },
      { kind: 'refused', code: 'event_backdated' },
    ]);
    expect(await rows('business_event')).to.have.length(1);
  });

  it('refuses what has not happened yet, and takes it when it has', async () => {
    const early = event({ occurredAt: clock.now() + HOUR_MS });
    expect(await record([early])).to.deep.equal([{ kind: 'refused', code: 'event_in_future' }]);
    expect(await record([{ ...early, occurredAt: clock.now() }])).to.deep.equal([
      { kind: 'recorded', points: 12n },
    ]);
  });

  it('looks at parameters as they were when it happened', async () => {
    set = rulesOf({ code: 'punctual', on: 'payment', when: 'late_payments == 0', points: '10' });
    const now = clock.now();
    const fact = (days: number, value: string) => ({
      subscriber: BigInt(member),
      code: 'late_payments',
      asOf: now - days * DAY_MS,
      value,
    });
    expect(await parameters.record([fact(20, '0'), fact(10, '2')], 'billing', now)).to.deep.equal([
      { kind: 'recorded' },
      { kind: 'recorded' },
    ]);
    const paid = (days: number) => event({ type: 'payment', occurredAt: now - days * DAY_MS });
    const outcomes = await record([paid(21), paid(20), paid(11), paid(10), paid(1)]);
    expect(outcomes.map((one) => one.kind === 'recorded' && one.points)).to.deep.equal([
      0n,
      10n,
      10n,
      0n,
      0n,
    ]);
  });

  it('keeps counting when a rule rests after failures in a row', async () => {
    set = rulesOf(
      { code: 'broken', on: 'purchase', priority: 1, points: '1 / tier' },
      { code: 'sound', on: 'purchase', priority: 2, points: '3' },
    );
    for (let turn = 0; turn < 7; turn++) {
      expect(await record([event()])).to.deep.equal([{ kind: 'recorded', points: 3n }]);
    }
    const [broken, sound] = set.byType.get('purchase')!.map(({ breaker }) => breaker.health(clock.now()));
    expect(broken).to.include({
      state: 'open',
      failures: 5,
      evaluations: 5,
      lastFailure: 'division by zero',
    });
    expect(sound).to.include({ state: 'closed', failures: 0, evaluations: 7 });
  });
});
