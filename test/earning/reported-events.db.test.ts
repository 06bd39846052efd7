import { expect } from 'chai';
import fc from 'fast-check';
import type { BusinessEvent, EventResult, RecordEvents } from '../../src/channels/api/events.ts';
import { builtinRules } from '../../src/earning/builtin-rules.ts';
import { openParameters } from '../../src/earning/parameters.ts';
import { createRecordEvents } from '../../src/earning/record-events.ts';
import { createRecordMemberEvents } from '../../src/earning/record-member-events.ts';
import { closeWallet } from '../../src/ledger/decide/close.ts';
import { spend } from '../../src/ledger/decide/spend.ts';
import { reverse, type Reversed } from '../../src/ledger/decide/reverse.ts';
import { KEY_LIFE_MS } from '../../src/ledger/key-life.ts';
import { TRANSFER_KIND } from '../../src/ledger/records.ts';
import {
  auditLedger,
  findTransfer,
  findWallet,
  listStatement,
  openWallet,
  setWalletSuspended,
} from '../../src/ledger/store.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { newTraceId } from '../../src/runtime/ids.ts';
import { programmeConfig, type ProgrammeConfig } from '../../src/runtime/config/programme.ts';
import type { Subscribers } from '../../src/subscribers/subscribers.ts';
import { DAY_MS, HOUR_MS, later, type Instant } from '../../src/values/instant.ts';
import type { Msisdn } from '../../src/values/msisdn.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { openTestLedger, quietLog, wallet, type TestLedger } from '../support/ledger.ts';
import { freshMsisdn, freshRequest, subscribersOf } from '../support/subscribers.ts';

/** One point for each 30.00, as in bonus-core 3.4.6. */
const PURCHASE = { rule: 1, event: 'purchase', currency: 'RUB', minorPerPoint: 3_000 };
const PAYMENT = { rule: 2, event: 'payment', currency: 'RUB', minorPerPoint: 700 };

describe('events that earn points', () => {
  let db: TestDatabase;
  let ledger: TestLedger;
  let subscribers: Subscribers;
  let record: RecordEvents;
  let programme: ProgrammeConfig;
  let offset = 0;
  let member: Msisdn;
  let id: bigint;
  let serial = 0;
  const clock = systemClock(() => offset);

  before(async () => {
    db = await createTestDatabase();
    ledger = await openTestLedger(db);
    subscribers = subscribersOf(db.pool, clock, {
      wallets: { open: openWallet, setSuspended: setWalletSuspended },
    });
    record = createRecordEvents({
      record: await createRecordMemberEvents({
        ledger,
        rules: { current: () => builtinRules(programme.earning) },
        parameters: await openParameters(db.pool),
        clock,
        log: quietLog,
        programme: () => programme,
        config: () => ({ backdateDaysMax: 62 }),
      }),
      resolve: (msisdn, at) => subscribers.resolveNumber(msisdn, at),
    });
  });

  beforeEach(async () => {
    programme = programmeConfig.parse({ earning: [PURCHASE, PAYMENT] });
    member = freshMsisdn();
    id = await enrol(member);
    wait(HOUR_MS);
  });

  after(async () => {
    await ledger.close(1_000);
    await db.drop();
  });

  const enrol = async (msisdn: Msisdn): Promise<bigint> => {
    const registration = { msisdn, language: 'en', zone: 'UTC' } as const;
    return (await subscribers.register(freshRequest(), registration)).subscriberId;
  };
  const wait = (ms: number): void => {
    offset += ms;
    ledger.advance(ms);
  };
  const actor = (name = 'shop') => ({ name, scopes: [], trace: newTraceId() });
  const event = (minor: bigint, change: Partial<BusinessEvent> = {}): BusinessEvent => ({
    id: `order-${String(++serial)}`,
    type: 'purchase',
    msisdn: member,
    amount: { minor, currency: 'RUB' },
    occurredAt: clock.now(),
    ...change,
  });
  const report = async (one: BusinessEvent, name?: string): Promise<EventResult> =>
    (await record(actor(name), [one]))[0]!;
  const balance = async (of = id): Promise<bigint> =>
    (await findWallet(db.pool, wallet(Number(of))))!.balance;
  const recorded = (one: BusinessEvent, points: bigint) => ({ id: one.id, kind: 'recorded', points });

  it('earn whole points and carry the rest to the next event (bonus-core 3.4.6)', async () => {
    const [first, second] = [event(10_000n), event(5_000n)];
    expect(await report(first)).to.deep.equal(recorded(first, 3n));
    expect(await report(second)).to.deep.equal(recorded(second, 2n));
    const third = event(2_999n);
    expect(await report(third)).to.deep.equal(recorded(third, 0n));
    expect(await balance()).to.equal(5n);
  });

  it('keep the rest of each rule apart', async () => {
    await report(event(2_900n));
    const payment = event(650n, { type: 'payment' });
    expect(await report(payment)).to.deep.equal(recorded(payment, 0n));
    const [more, last] = [event(50n, { type: 'payment' }), event(100n)];
    expect(await report(more)).to.deep.equal(recorded(more, 1n));
    expect(await report(last)).to.deep.equal(recorded(last, 1n));
  });

  it('count once, however often they are reported, and answer the same', async () => {
    const one = event(10_000n);
    expect(await report(one)).to.deep.equal(recorded(one, 3n));
    for (let turn = 0; turn < 3; turn++) {
      expect(await report(one)).to.deep.equal({ id: one.id, kind: 'replayed', points: 3n });
    }
    const next = event(5_000n);
    expect(await report(next), 'the rest was carried once too').to.deep.equal(recorded(next, 2n));
    expect(await balance()).to.equal(5n);
  });

  it('count once when they come twice in one report, and at the same time', async () => {
    const one = event(10_000n);
    const results = (await Promise.all([record(actor(), [one, one]), record(actor(), [one])])).flat();
    expect(results.map(({ kind }) => kind).sort()).to.deep.equal(['recorded', 'replayed', 'replayed']);
    expect(await balance()).to.equal(3n);
  });

  it('are different facts when different reporters use the same id', async () => {
    const one = event(3_000n);
    expect(await report(one, 'shop A')).to.deep.equal(recorded(one, 1n));
    expect(await report(one, 'shop B')).to.deep.equal(recorded(one, 1n));
  });

  const others: readonly (readonly [string, (one: BusinessEvent) => BusinessEvent])[] = [
    ['amount', (one) => ({ ...one, amount: { minor: 3_001n, currency: 'RUB' } })],
    ['currency', (one) => ({ ...one, amount: { minor: 3_000n, currency: 'USD' } })],
    ['type', (one) => ({ ...one, type: 'payment' })],
    ['time', (one) => ({ ...one, occurredAt: later(one.occurredAt, -1) })],
    ['partner', (one) => ({ ...one, partner: 'north' })],
  ];
  for (const [name, change] of others) {
    it(`are refused when the same id comes with another ${name}`, async () => {
      const one = event(3_000n);
      await report(one);
      const refused = { id: one.id, kind: 'refused', code: 'idempotency_mismatch' };
      expect(await report(change(one))).to.deep.equal(refused);
      expect(await balance()).to.equal(1n);
    });
  }

  it('are refused when the same id comes for another subscriber', async () => {
    const one = event(3_000n);
    await report(one);
    const msisdn = freshMsisdn();
    const other = await enrol(msisdn);
    wait(HOUR_MS);
    expect(await report({ ...one, msisdn })).to.deep.include({ kind: 'refused' });
    expect(await balance(other)).to.equal(0n);
  });

  it('earn nothing where there is no rate for them, and are recorded all the same', async () => {
    const visit = event(100_000n, { type: 'visit' });
    expect(await report(visit)).to.deep.equal(recorded(visit, 0n));
    expect(await report(visit)).to.deep.equal({ id: visit.id, kind: 'replayed', points: 0n });
    const abroad = event(100_000n, {
      amount: { minor: 100_000n, currency: 'EUR' },
    });
    expect(await report(abroad)).to.deep.equal(recorded(abroad, 0n));
    expect(await balance()).to.equal(0n);
  });

  it('belong to who had the number when they happened', async () => {
    const before = clock.now();
    wait(HOUR_MS);
    await subscribers.terminate(freshRequest(), member);
    wait(HOUR_MS);
    const heir = await enrol(member);
    wait(HOUR_MS);
    const [old, recent] = [event(3_000n, { occurredAt: before }), event(6_000n)];
    const between = event(3_000n, { occurredAt: later(before, 1.5 * HOUR_MS) });
    expect(await report(old)).to.deep.equal(recorded(old, 1n));
    expect(await report(recent)).to.deep.equal(recorded(recent, 2n));
    expect(await report(between)).to.deep.equal({
      id: between.id,
      kind: 'refused',
      code: 'subscriber_unknown',
    });
    expect([await balance(id), await balance(heir)]).to.deep.equal([1n, 2n]);
  });

  it('have each their own fate in one report, answered in order', async () => {
    const stranger = event(3_000n, { msisdn: freshMsisdn() });
    const [first, last] = [event(3_000n), event(6_000n)];
    expect(await record(actor(), [first, stranger, last])).to.deep.equal([
      recorded(first, 1n),
      { id: stranger.id, kind: 'refused', code: 'subscriber_unknown' },
      recorded(last, 2n),
    ]);
  });

  it('of a suspended subscriber are refused, and stay so under their id', async () => {
    await subscribers.suspend(freshRequest(), member);
    const one = event(10_000n);
    const refused = { id: one.id, kind: 'refused', code: 'subscriber_suspended' };
    expect(await report(one)).to.deep.include(refused);
    await subscribers.resume(freshRequest(), member);
    expect(await report(one)).to.deep.include(refused);
    const next = event(10_000n);
    expect(await report(next)).to.deep.equal(recorded(next, 3n));
  });

  it('of a closed account are refused, and stay so under their id', async () => {
    const one = event(3_000n);
    await ledger.run(closeWallet(wallet(Number(id)), 'test'));
    const refused = { id: one.id, kind: 'refused', code: 'account_closed' };
    expect(await report(one)).to.deep.equal(refused);
    expect(await report(one)).to.deep.equal(refused);
  });

  describe('when a rule has a daily cap of five points', () => {
    beforeEach(() => {
      programme = programmeConfig.parse({ zone: 'UTC', earning: [{ ...PURCHASE, dailyCap: 5 }, PAYMENT] });
    });

    /** To noon, so that no test runs over midnight. */
    const toNoon = (): void => wait((DAY_MS - (clock.now() % DAY_MS) + 12 * HOUR_MS) % DAY_MS);

    it('give what is left of it, then nothing until the next day; other rules go on', async () => {
      toNoon();
      const [first, second, third] = [event(9_000n), event(9_000n), event(9_000n)];
      expect(await report(first)).to.deep.equal(recorded(first, 3n));
      expect(await report(second)).to.deep.equal(recorded(second, 2n));
      expect(await report(third)).to.deep.equal(recorded(third, 0n));
      const payment = event(700n, { type: 'payment' });
      expect(await report(payment)).to.deep.equal(recorded(payment, 1n));
      wait(DAY_MS);
      const tomorrow = event(3_000n);
      expect(await report(tomorrow)).to.deep.equal(recorded(tomorrow, 1n));
      expect(await report(third), 'what was not given is not owed').to.deep.include({
        kind: 'replayed',
        points: 0n,
      });
    });
  });

  describe('that come late', () => {
    const long = (ms: number): Instant => later(clock.now(), -ms);
    /** A member for longer than any key lives. */
    beforeEach(() => wait(2 * KEY_LIFE_MS));

    it('are taken for 62 days, and refused after that', async () => {
      const [young, old] = [
        event(3_000n, { occurredAt: long(KEY_LIFE_MS - HOUR_MS) }),
        event(3_000n, { occurredAt: long(KEY_LIFE_MS + HOUR_MS) }),
      ];
      expect(await report(young)).to.deep.equal(recorded(young, 1n));
      expect(await report(old)).to.deep.equal({
        id: old.id,
        kind: 'refused',
        code: 'idempotency_key_expired',
      });
      expect(await balance()).to.equal(1n);
    });

    it('are refused for their age, not their id, under a UUIDv7 of today', async () => {
      const today = Math.floor(clock.now()).toString(16).padStart(12, '0');
      const uuid = `${today.slice(0, 8)}-${today.slice(8)}-7000-8000-${String(++serial).padStart(12, '0')}`;
      const one = event(3_000n, { id: uuid, occurredAt: long(KEY_LIFE_MS + HOUR_MS) });
      expect(await report(one)).to.deep.equal({ id: one.id, kind: 'refused', code: 'event_backdated' });
    });
  });

  it('can be taken back, once: what was spent meanwhile becomes debt', async () => {
    const one = event(9_000n);
    await report(one);
    const home = wallet(Number(id)).home;
    const [line] = await listStatement(db.pool, wallet(Number(id)), 1);
    expect(line).to.deep.include({ kind: TRANSFER_KIND.earn, delta: 3n, reason: 'rate_1' });
    const original = (await findTransfer(db.pool, home, Number(line!.transfer)))!;
    const undo = (points: bigint) =>
      ledger.run(reverse({ original, points, reason: 'returned', lapsed: 'forfeit' }));
    await ledger.run(
      spend({ from: wallet(Number(id)), points: 2n, to: 'redeemed', kind: 'spend', reason: 'coffee' }),
    );
    const done = await undo(2n);
    expect(done.kind === 'done' && (done.data as Reversed)).to.deep.include({ points: 2n, debt: 1n });
    expect(await undo(2n)).to.deep.include({ code: 'reversal_exceeds_original' });
    expect(await undo(1n)).to.deep.nested.include({ 'data.debt': 1n });
    expect(await balance()).to.equal(0n);
    expect(await report(one), 'the event itself stays reported').to.deep.include({
      kind: 'replayed',
      points: 3n,
    });
    expect(await balance()).to.equal(0n);
  });

  it('give in sum the points of the sum, in whatever order, splits and repetitions', async () => {
    const step = fc.record({
      type: fc.constantFrom('purchase', 'payment'),
      minor: fc.bigInt({ min: 0n, max: 20_000n }),
      repeated: fc.integer({ min: 1, max: 3 }),
      together: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        member = freshMsisdn();
        const owner = await enrol(member);
        wait(HOUR_MS);
        const spent = { purchase: 0n, payment: 0n };
        let waiting: Promise<unknown>[] = [];
        for (const { type, minor, repeated, together } of steps) {
          spent[type] += minor;
          const one = event(minor, { type });
          const reports = Array.from({ length: repeated }, () => report(one));
          waiting.push(...reports);
          if (together) continue;
          const results = await Promise.all(reports);
          expect(results.filter(({ kind }) => kind === 'recorded')).to.have.length(1);
          await Promise.all(waiting);
          waiting = [];
        }
        await Promise.all(waiting);
        const wanted = spent.purchase / 3_000n + spent.payment / 700n;
        expect(await balance(owner)).to.equal(wanted);
      }),
      { numRuns: 40 },
    );
  });

  it('leave no number and a sound ledger behind', async () => {
    const [found] = await db.pool.query<{ count: bigint }>(
      `select count(*) from request where outcome like '%7916%' or actor like '%7916%'`,
    );
    expect(found!.count).to.equal(0n);
    expect(await auditLedger(db.pool)).to.deep.include({
      sum: 0n,
      balanceMismatches: 0n,
      lotMismatches: 0n,
      holdMismatches: 0n,
    });
  });
});
