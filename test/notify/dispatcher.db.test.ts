import { expect } from 'chai';
import { createDispatcher, type Dispatcher, type DispatcherDeps } from '../../src/notify/dispatcher.ts';
import { queued } from '../../src/notify/metrics.ts';
import type { OutboundSms, SubmitReceipt } from '../../src/notify/ports.ts';
import { manualClock, type ManualClock } from '../../src/runtime/clock.ts';
import { notifyConfig } from '../../src/runtime/config/notify.ts';
import { createLogger } from '../../src/runtime/log.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertOutbox } from '../support/outbox.ts';

const log = createLogger({ level: 'silent' });
const STATES = ['open', 'sent', 'shown', 'refused', 'unknown', 'withdrawn', 'expired'];

describe('the dispatcher', () => {
  let database: TestDatabase;
  let clock: ManualClock;
  let smsc: Smsc;
  const running: Dispatcher[] = [];

  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());
  beforeEach(async () => {
    await database.pool.query('truncate outbox, sms_part');
    clock = manualClock();
    smsc = new Smsc();
  });
  afterEach(async () => {
    smsc.answerAll();
    await Promise.all(running.splice(0).map((dispatcher) => dispatcher.stop()));
  });

  const open = (owner: number, overrides: Partial<DispatcherDeps> = {}): Dispatcher => {
    const dispatcher = createDispatcher({
      pool: database.pool,
      send: smsc.send,
      clock,
      log,
      config: notifyConfig.parse({}),
      owner,
      stillOwns: () => Promise.resolve(true),
      ...overrides,
    });
    running.push(dispatcher);
    return dispatcher;
  };

  const rowOf = async (id: number) => {
    const [row] = await database.pool.query<{
      state: number;
      attempts: number;
      due_at: Date;
      lease_owner: number | null;
    }>('select state, attempts, due_at, lease_owner from outbox where id = $1', [id]);
    return { ...row!, state: STATES[row!.state]! };
  };

  /** Waits for the database, never for time: each look is a round trip, in which the dispatcher gets its turns. */
  const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
    for (let looks = 0; looks < 2_000; looks++) {
      if (await condition()) return;
      await database.pool.query('select 1');
    }
    throw new Error('never came true');
  };
  const settled = (id: number, state: string) => until(async () => (await rowOf(id)).state === state);
  const inAnyOrder = (ids: readonly number[]) => ids.map((id) => `text ${String(id)}`);

  it('sends what it is offered at once, and stores the ids of its parts', async () => {
    const row = await insertOutbox(database.pool, { id: 1, createdAt: clock.now() }, 7);
    smsc.answer = () => ({ kind: 'accepted', bind: 'north-1', messageIds: ['a1', 'a2', ''] });
    open(7).offer([row]);
    await settled(1, 'sent');
    expect(smsc.sent[0]).to.deep.include({
      id: '1.1',
      smsc: 'north',
      source: '2500',
      destination: '79160000001',
      text: 'text 1',
      receipt: true,
      priority: 'reply',
      trace: row.trace.toString('hex'),
    });
    const parts = await database.pool.query(
      'select smsc, message_id, part, destination from sms_part order by part',
    );
    expect(parts).to.deep.equal([
      { smsc: 'north', message_id: 'a1', part: 1, destination: '79160000001' },
      { smsc: 'north', message_id: 'a2', part: 2, destination: '79160000001' },
    ]);
  });

  it('sends replies before service messages and those before campaigns', async () => {
    for (const [id, priority] of [
      [1, 2],
      [2, 1],
      [3, 0],
      [4, 2],
      [5, 0],
    ] as const) {
      await insertOutbox(database.pool, { id, priority, createdAt: clock.now() - id });
    }
    open(7, { config: notifyConfig.parse({ inFlightMax: 1, pollMs: 1 }) }).start();
    for (const id of [1, 2, 3, 4, 5]) {
      await until(async () => {
        clock.advance(1);
        return (await rowOf(id)).state === 'sent';
      });
    }
    expect(smsc.sent.map(({ text }) => text)).to.deep.equal(inAnyOrder([5, 3, 2, 4, 1]));
  });

  it('sends a reply before a pile of service messages that fills the memory, offered or found', async () => {
    const pile = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        insertOutbox(database.pool, { id: index + 1, priority: 1, createdAt: clock.now() }, 7),
      ),
    );
    smsc.hold = true;
    const dispatcher = open(7, { config: notifyConfig.parse({ inFlightMax: 2, queueMax: 4, pollMs: 1 }) });
    dispatcher.start();
    dispatcher.offer(pile);
    dispatcher.offer([await insertOutbox(database.pool, { id: 9, createdAt: clock.now() }, 7)]);
    await insertOutbox(database.pool, { id: 10, createdAt: clock.now() });
    await until(async () => {
      clock.advance(1);
      // Four of the pile, and both replies.
      return (await queued.get()).values[0]?.value === 6;
    });
    smsc.hold = false;
    smsc.answerAll();
    await settled(10, 'sent');
    expect(smsc.sent.slice(0, 4).map(({ text }) => text)).to.deep.equal(inAnyOrder([1, 2, 9, 10]));
  });

  it('keeps everything back while messages are stopped, and sends it afterwards', async () => {
    let stopped = true;
    const dispatcher = open(7, { isStopped: () => stopped, config: notifyConfig.parse({ pollMs: 1 }) });
    dispatcher.start();
    dispatcher.offer([await insertOutbox(database.pool, { id: 1, createdAt: clock.now() }, 7)]);
    await insertOutbox(database.pool, { id: 2, createdAt: clock.now() });
    await until(async () => {
      clock.advance(1);
      return (await rowOf(2)).lease_owner === 7;
    });
    expect(smsc.sent).to.deep.equal([]);
    stopped = false;
    for (const id of [1, 2]) {
      await until(async () => {
        clock.advance(1);
        return (await rowOf(id)).state === 'sent';
      });
    }
  });

  it('leaves a refused message alone', async () => {
    smsc.answer = () => ({ kind: 'refused', status: 0x0b });
    open(7).offer([await insertOutbox(database.pool, { id: 1, createdAt: clock.now() }, 7)]);
    await settled(1, 'refused');
  });

  it('tries again later, with growing patience, while the SMSC cannot take it', async () => {
    smsc.answer = () => ({ kind: 'retry', reason: 'throttled' });
    const dispatcher = open(7, { config: notifyConfig.parse({ pollMs: 1 }) });
    dispatcher.start();
    dispatcher.offer([await insertOutbox(database.pool, { id: 1, createdAt: clock.now() }, 7)]);
    for (const attempts of [1, 2, 3]) {
      await until(async () => {
        clock.advance(1);
        return (await rowOf(1)).attempts === attempts;
      });
      const row = await rowOf(1);
      expect(row).to.include({ state: 'open', lease_owner: null });
      expect(smsc.sent.length, 'not before it is due').to.equal(attempts);
      if (attempts === 3) smsc.answer = accepted;
      clock.advance(row.due_at.getTime() - clock.now());
    }
    await until(async () => {
      clock.advance(1);
      return (await rowOf(1)).state === 'sent';
    });
    expect(smsc.sent.length).to.equal(4);
    expect(new Set(smsc.sent.map(({ id }) => id)).size, 'the same message each time').to.equal(1);
  });

  it('does not repeat an unanswered reply, and repeats a campaign message when told so', async () => {
    smsc.answer = () => ({ kind: 'unknown', reason: 'no answer' });
    const dispatcher = open(7, { config: notifyConfig.parse({ resendUnknown: { campaign: true } }) });
    dispatcher.offer([
      await insertOutbox(database.pool, { id: 1, createdAt: clock.now() }, 7),
      await insertOutbox(database.pool, { id: 2, createdAt: clock.now(), priority: 2 }, 7),
    ]);
    await settled(1, 'unknown');
    await until(async () => (await rowOf(2)).attempts === 1);
    expect((await rowOf(2)).state).to.equal('open');
  });

  it('holds a money result back until the dialogue has shown it', async () => {
    const dispatcher = open(7);
    const due = clock.now() + 15_000;
    dispatcher.offer([
      await insertOutbox(database.pool, { id: 1, createdAt: clock.now(), dueAt: due }, 7),
      await insertOutbox(database.pool, { id: 2, createdAt: clock.now(), dueAt: due }, 7),
      await insertOutbox(database.pool, { id: 3, createdAt: clock.now(), dueAt: due }, 7),
    ]);
    dispatcher.markShown({ home: 1, id: 1 });
    dispatcher.sendNow({ home: 1, id: 2 });
    await settled(1, 'shown');
    await settled(2, 'sent');
    expect((await rowOf(3)).state).to.equal('open');
    clock.advance(15_000);
    await settled(3, 'sent');
    expect(smsc.sent.map(({ text }) => text)).to.deep.equal(inAnyOrder([2, 3]));
  });

  it('marks a shown result also when another daemon has it', async () => {
    await insertOutbox(database.pool, { id: 1, createdAt: clock.now(), dueAt: clock.now() + 15_000 }, 8);
    open(7).markShown({ home: 1, id: 1 });
    await settled(1, 'shown');
  });

  it('does not call shown what is already on its way', async () => {
    smsc.hold = true;
    const dispatcher = open(7);
    dispatcher.offer([await insertOutbox(database.pool, { id: 1, createdAt: clock.now() }, 7)]);
    await until(() => smsc.sent.length === 1);
    dispatcher.markShown({ home: 1, id: 1 });
    for (let looks = 0; looks < 5; looks++) expect((await rowOf(1)).state).to.equal('open');
    smsc.answerAll();
    await settled(1, 'sent');
  });

  it('takes over what a dead daemon left, once its lease has lapsed', async () => {
    await insertOutbox(database.pool, { id: 1, createdAt: clock.now() }, 99);
    open(7).start();
    clock.advance(29_000);
    await until(async () => (await database.pool.query('select 1')).length === 1);
    expect(smsc.sent).to.deep.equal([]);
    for (let seconds = 0; seconds < 3; seconds++) {
      clock.advance(1_000);
      await database.pool.query('select 1');
    }
    await until(async () => {
      clock.advance(1_000);
      return (await rowOf(1)).state === 'sent';
    });
    expect(await rowOf(1)).to.include({ lease_owner: 7 });
  });

  it('does not use an old lease after it was frozen', async () => {
    const row = await insertOutbox(database.pool, { id: 1, createdAt: clock.now() }, 7);
    const frozen = open(7, { config: notifyConfig.parse({ inFlightMax: 1 }) });
    smsc.hold = true;
    const first = await insertOutbox(database.pool, { id: 2, createdAt: clock.now() }, 7);
    frozen.offer([first, row]);
    await until(() => smsc.sent.length === 1);
    // While it stands still, its leases lapse and another daemon does the work.
    clock.advance(31_000);
    smsc.hold = false;
    open(8).start();
    await settled(1, 'sent');
    smsc.answerAll();
    await settled(2, 'sent');
    await frozen.stop();
    expect(smsc.sent.filter(({ text }) => text === 'text 1').length).to.equal(1);
  });

  it('shares the work with another daemon without a single duplicate', async () => {
    const ids = Array.from({ length: 300 }, (_, at) => at + 1);
    for (const id of ids) await insertOutbox(database.pool, { id, createdAt: clock.now(), priority: id % 3 });
    const config = notifyConfig.parse({ claimMax: 20, inFlightMax: 20, pollMs: 1 });
    for (const owner of [7, 8]) open(owner, { config }).start();
    await until(async () => {
      clock.advance(1);
      const [open] = await database.pool.query<{ count: bigint }>(
        'select count(*) from outbox where state = 0',
      );
      return open!.count === 0n;
    });
    expect(smsc.sent.map(({ text }) => text).sort()).to.deep.equal(inAnyOrder(ids).sort());
    const owners = await database.pool.query('select distinct lease_owner from outbox order by 1');
    expect(owners.length).to.equal(2);
  });

  it('sends again what a daemon sent but died before it could write', async () => {
    const row = await insertOutbox(database.pool, { id: 1, createdAt: clock.now() }, 7);
    smsc.hold = true;
    // Killed between the submit and the mark: its promise is never settled.
    const dead = createDispatcher({
      pool: database.pool,
      send: smsc.send,
      clock,
      log,
      config: notifyConfig.parse({}),
      owner: 7,
      stillOwns: () => Promise.resolve(true),
    });
    dead.offer([row]);
    await until(() => smsc.sent.length === 1);
    smsc.forget();
    smsc.hold = false;
    clock.advance(31_000);
    open(8).start();
    await settled(1, 'sent');
    expect(smsc.sent.length, 'the one duplicate that a crash may cause').to.equal(2);
  });

  it('does not send to the next owner of a number, and does not ask while the message is fresh', async () => {
    const asked: string[] = [];
    const dispatcher = open(7, {
      stillOwns: (subscriber, msisdn) => {
        asked.push(`${String(subscriber)} ${msisdn}`);
        return Promise.resolve(false);
      },
    });
    dispatcher.offer([
      await insertOutbox(database.pool, { id: 1, createdAt: clock.now() }, 7),
      await insertOutbox(database.pool, { id: 2, createdAt: clock.now() - 60_000 }, 7),
      await insertOutbox(database.pool, { id: 3, createdAt: clock.now() - 60_000, subscriber: null }, 7),
    ]);
    await settled(1, 'sent');
    await settled(2, 'withdrawn');
    await settled(3, 'sent');
    expect(asked).to.deep.equal(['16 79160000001']);
  });

  it('keeps a message when the owner cannot be looked up', async () => {
    const dispatcher = open(7, { stillOwns: () => Promise.reject(new Error('no database')) });
    dispatcher.offer([await insertOutbox(database.pool, { id: 1, createdAt: clock.now() - 60_000 }, 7)]);
    await until(async () => (await rowOf(1)).attempts === 1);
    expect((await rowOf(1)).state).to.equal('open');
    expect(smsc.sent).to.deep.equal([]);
  });

  it('does not send a reply that is hours old', async () => {
    open(7).offer([
      await insertOutbox(
        database.pool,
        { id: 1, createdAt: clock.now() - 3_600_001, leaseUntil: clock.now() + 30_000 },
        7,
      ),
    ]);
    await settled(1, 'expired');
    expect(smsc.sent).to.deep.equal([]);
  });

  it('remembers what was accepted while the database is away', async () => {
    const row = await insertOutbox(database.pool, { id: 1, createdAt: clock.now() }, 7);
    let failures = 2;
    const flaky = {
      ...database.pool,
      transaction: <T>(work: Parameters<typeof database.pool.transaction<T>>[0]) =>
        failures-- > 0 ? Promise.reject(new Error('connection lost')) : database.pool.transaction(work),
    };
    open(7, { pool: flaky }).offer([row]);
    await until(async () => {
      clock.advance(1_000);
      return (await rowOf(1)).state === 'sent';
    });
    expect(smsc.sent.length).to.equal(1);
  });

  it('finishes what it has begun when it stops, and gives the rest back', async () => {
    const dispatcher = open(7, { config: notifyConfig.parse({ inFlightMax: 2 }) });
    smsc.hold = true;
    dispatcher.offer([
      await insertOutbox(database.pool, { id: 1, createdAt: clock.now() }, 7),
      await insertOutbox(database.pool, { id: 2, createdAt: clock.now() }, 7),
      await insertOutbox(database.pool, { id: 3, createdAt: clock.now() }, 7),
      await insertOutbox(database.pool, { id: 4, createdAt: clock.now(), dueAt: clock.now() + 15_000 }, 7),
    ]);
    await until(() => smsc.sent.length === 2);
    const stopped = dispatcher.stop();
    smsc.hold = false;
    smsc.answerAll();
    await stopped;
    expect((await rowOf(1)).state).to.equal('sent');
    expect((await rowOf(3)).state, 'queued messages still go out').to.equal('sent');
    expect(await rowOf(4)).to.include({ state: 'open', lease_owner: null });
  });

  it('stops by its deadline when the SMSC does not answer', async () => {
    const dispatcher = open(7, { config: notifyConfig.parse({ inFlightMax: 1 }) });
    smsc.hold = true;
    dispatcher.offer([
      await insertOutbox(database.pool, { id: 1, createdAt: clock.now() }, 7),
      await insertOutbox(database.pool, { id: 2, createdAt: clock.now() }, 7),
    ]);
    await until(() => smsc.sent.length === 1);
    const stopped = dispatcher.stop();
    await database.pool.query('select 1');
    clock.advance(10_000);
    await stopped;
    expect((await rowOf(1)).lease_owner, 'may have been sent: left to its lease').to.equal(7);
    expect((await rowOf(2)).lease_owner).to.equal(null);
  });
});

const accepted = (mt: OutboundSms): SubmitReceipt => ({
  kind: 'accepted',
  bind: 'b',
  messageIds: [`m-${mt.id}`],
});

/** The wire, seen from here: a function. Its own tests use real sockets. */
class Smsc {
  readonly sent: OutboundSms[] = [];
  answer: (mt: OutboundSms) => SubmitReceipt = accepted;
  /** True: answers wait for {@link answerAll}. */
  hold = false;
  #waiting: (() => void)[] = [];

  readonly send = (mt: OutboundSms): Promise<SubmitReceipt> => {
    this.sent.push(mt);
    if (!this.hold) return Promise.resolve(this.answer(mt));
    return new Promise((resolve) => this.#waiting.push(() => resolve(this.answer(mt))));
  };

  answerAll(): void {
    for (const answer of this.#waiting.splice(0)) answer();
  }

  forget(): void {
    this.#waiting = [];
  }
}
