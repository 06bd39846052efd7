import { createMail, type MailWire } from '../../protocols/mail/mail.ts';
import { startSmtp, type Smtp } from '../../simulators/smtp/smtp.ts';
import { loadNoticeTexts } from '../../src/channels/texts/notice-texts.ts';
import { createSerials } from '../../src/ledger/serials.ts';
import { walletOf } from '../../src/ledger/keys.ts';
import { createDispatcher, type Dispatcher } from '../../src/notify/dispatcher.ts';
import { insertNotices } from '../../src/notify/notice-store.ts';
import { notice, type NoticeFor } from '../../src/notify/notice.ts';
import { createNotifier, type Notifier, type NotifierDeps } from '../../src/notify/notifier.ts';
import { ATTEMPT_STATE, NOTICE_STATE } from '../../src/notify/plan.ts';
import { applyReceipts } from '../../src/notify/receipt-store.ts';
import {
  NOTICE_CHANNELS,
  type MessageState,
  type OutboundSms,
  type SubmitReceipt,
} from '../../src/notify/ports.ts';
import type { TemplateKey } from '../../src/notify/templates.ts';
import { manualClock, systemClock, type ManualClock } from '../../src/runtime/clock.ts';
import { noticesConfig } from '../../src/runtime/config/notices.ts';
import { notifyConfig } from '../../src/runtime/config/notify.ts';
import type { PostgresPool } from '../../src/storage/postgres.ts';
import type { Language } from '../../src/values/language.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { quietLog as log } from './ledger.ts';
import { freshMsisdn, freshRequest, subscribersOf } from './subscribers.ts';

const NOTICE_NAMES = Object.keys(NOTICE_STATE);
const ATTEMPT_NAMES = Object.keys(ATTEMPT_STATE);
/** A Thursday noon in Moscow. */
export const NOON = Date.UTC(2026, 0, 15, 9);

/** Notifier, dispatcher and mail relay on a database of their own, for one file of tests. Registers its hooks. */
export function useNotifier() {
  let database: TestDatabase;
  let pool: PostgresPool;
  let clock: ManualClock;
  let smtp: Smtp;
  let mail: MailWire;
  let sms: Phones;
  const running: { stop(): Promise<void> }[] = [];

  before(async () => {
    database = await createTestDatabase();
    pool = database.pool;
  });
  after(() => database.drop());
  beforeEach(async () => {
    await pool.query('truncate notice, notice_attempt, outbox, sms_part, early_receipt');
    clock = manualClock(NOON);
    smtp = await startSmtp();
    mail = createMail(settings().mail, { clock: systemClock(), log });
    sms = new Phones();
  });
  afterEach(async () => {
    await stopAll();
    mail.close();
    await smtp.close();
  });

  const settings = (over: object = {}) =>
    noticesConfig.parse({
      chains: { service: ['sms', 'mail'] },
      mail: { enabled: true, port: smtp.port, requireTls: false, from: 'bonus@gate.example' },
      pollMs: 100,
      ...over,
    });

  const open = async (over: Partial<NotifierDeps> & { settings?: object } = {}): Promise<Notifier> => {
    const owner = over.owner ?? 7;
    const config = settings(over.settings);
    const dispatcher: Dispatcher = createDispatcher({
      pool,
      send: (mt) => sms.send(mt),
      clock,
      log,
      config: notifyConfig.parse({}),
      owner,
      stillOwns: () => Promise.resolve(true),
    });
    const notifier = createNotifier({
      pool,
      clock,
      log,
      config: () => config,
      owner,
      outboxLeaseMs: 30_000,
      words: loadNoticeTexts('conf/texts/notices'),
      serials: await createSerials(pool),
      onOutbox: (rows) => dispatcher.offer(rows),
      push: () => Promise.resolve({ kind: 'refused', reason: 'no push here' }),
      mail: (one) => mail.send(one),
      ...over,
    });
    running.push(notifier, dispatcher);
    dispatcher.start();
    notifier.start();
    return notifier;
  };

  /** What waits for time while it stops gets it. */
  const stopAll = async (): Promise<void> => {
    const left = new Set(running.splice(0));
    for (const one of left) void one.stop().then(() => left.delete(one));
    await until(() => left.size === 0);
  };

  interface Person {
    readonly id: bigint;
    readonly msisdn: string;
  }
  const person = async (
    address?: string,
    { zone = 'Europe/Moscow', language = 'en' }: { zone?: string; language?: Language } = {},
  ): Promise<Person> => {
    const msisdn = freshMsisdn();
    const { subscriberId: id } = await subscribersOf(pool, clock).register(freshRequest(), {
      msisdn,
      language,
      zone,
    });
    if (address !== undefined) {
      await pool.query('insert into mail_address values ($1, $2, now())', [id, address]);
    }
    return { id, msisdn };
  };

  const tell = <Key extends TemplateKey>(told: NoticeFor<Key>): Promise<number> =>
    insertNotices(pool, [notice(told)], Buffer.alloc(16, 1), clock.now());
  const tier = ({ id }: Person, fact = 'tier 1', extra: object = {}): Promise<number> =>
    tell({ subscriber: id, fact, template: 'tier_changed', variables: { tier: 'gold' }, ...extra });

  const stateOf = async ({ id }: Person, fact = 'tier 1') => {
    const [row] = await pool.query<{ state: number; due_at: Date; variables: string }>(
      'select state, due_at, variables from notice where account = $1 and fact = $2',
      [walletOf(id).id, fact],
    );
    const attempts = await pool.query<{ channel: number; state: number }>(
      'select channel, state from notice_attempt where account = $1 and fact = $2 order by begun_at, channel',
      [walletOf(id).id, fact],
    );
    return {
      state: NOTICE_NAMES[row!.state]!,
      dueAt: row!.due_at,
      variables: row!.variables,
      attempts: attempts.map(({ channel, state }) => `${NOTICE_CHANNELS[channel]!} ${ATTEMPT_NAMES[state]!}`),
    };
  };

  /** Waits for the database and the sockets, never for time; each look moves the clock by `stepMs`. */
  const until = async (condition: () => boolean | Promise<boolean>, stepMs = 100): Promise<void> => {
    for (let looks = 0; looks < 3_000; looks++) {
      if (await condition()) return;
      clock.advance(stepMs);
      await pool.query('select 1');
    }
    throw new Error('never came true');
  };
  const reaches = (who: Person, state: string, fact = 'tier 1', stepMs = 100) =>
    until(async () => (await stateOf(who, fact)).state === state, stepMs);
  const receipt = (mt: OutboundSms, messageState: MessageState) =>
    applyReceipts(pool, [
      {
        smsc: 'north',
        bind: 'north-1',
        messageId: `m-${mt.id}`,
        source: mt.destination,
        messageState,
        receivedAt: clock.now(),
      },
    ]);

  return {
    get pool() {
      return pool;
    },
    get clock() {
      return clock;
    },
    set clock(moved: ManualClock) {
      clock = moved;
    },
    get smtp() {
      return smtp;
    },
    get mail() {
      return mail;
    },
    get sms() {
      return sms;
    },
    open,
    stopAll,
    person,
    tell,
    tier,
    stateOf,
    until,
    reaches,
    receipt,
  };
}

/** A pool whose transactions fail from the `count`-th on. */
export function failsAfter(pool: PostgresPool, count: number): PostgresPool['transaction'] {
  let left = count;
  return (work) => (left-- > 0 ? pool.transaction(work) : Promise.reject(new Error('connection lost')));
}

/** The SMPP wire, seen from here: a function. Its own tests use real sockets. */
export class Phones {
  readonly sent: OutboundSms[] = [];
  answer: (mt: OutboundSms) => SubmitReceipt = (mt) => ({
    kind: 'accepted',
    smsc: 'north',
    bind: 'north-1',
    messageIds: [`m-${mt.id}`],
  });

  send(mt: OutboundSms): Promise<SubmitReceipt> {
    this.sent.push(mt);
    return Promise.resolve(this.answer(mt));
  }
}
