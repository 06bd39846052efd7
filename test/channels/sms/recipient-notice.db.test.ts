import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import { pino } from 'pino';
import type { Outcome, Result } from '../../../src/channels/command.ts';
import { createExecute, type CommandContext } from '../../../src/channels/execute.ts';
import {
  createRecipientNotice,
  type RecipientNoticeDeps,
} from '../../../src/channels/sms/recipient-notice.ts';
import { loadTexts, type Texts } from '../../../src/channels/texts/texts.ts';
import { earn } from '../../../src/ledger/decide/earn.ts';
import { NEVER } from '../../../src/ledger/lots.ts';
import { OUTBOX_PRIORITY } from '../../../src/ledger/records.ts';
import { auditLedger, findWallet } from '../../../src/ledger/store.ts';
import { listStory } from '../../../src/ledger/story-store.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { programmeConfig } from '../../../src/runtime/config/programme.ts';
import { registry } from '../../../src/runtime/metrics.ts';
import type { Language } from '../../../src/values/language.ts';
import type { Msisdn } from '../../../src/values/msisdn.ts';
import type { TraceId } from '../../../src/values/trace.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { openTestLedger, openWallets, wallet, type TestLedger } from '../../support/ledger.ts';

/** Different homes, and one that is the sender's own (1024 apart). */
const ANNA = { id: 11, msisdn: '79160000011' as Msisdn };
const BORIS = { id: 12, msisdn: '79160000012' as Msisdn };
const CLARA = { id: 11 + 1024, msisdn: '79160000013' as Msisdn };
const PEOPLE = [ANNA, BORIS, CLARA];

const PLENTY = { count: 1_000, points: 1_000_000 };
const RULES = { pointsMax: 1_000_000, perDay: PLENTY, perMonth: PLENTY };

interface Row {
  readonly home: number;
  readonly id: bigint;
  readonly subscriber: bigint;
  readonly destination: string;
  readonly body: string;
}

describe('the notice to the recipient of points', () => {
  let db: TestDatabase;
  let ledger: TestLedger;
  const texts = loadTexts('conf/texts');
  let notice: RecipientNoticeDeps;
  let logged: string[];
  let status: string;
  let language: Language;

  before(async () => {
    db = await createTestDatabase();
    ledger = await openTestLedger(db);
    await openWallets(
      db.pool,
      PEOPLE.map(({ id }) => id),
    );
    const points = { to: wallet(ANNA.id), points: 10_000n, classId: ledger.earned, debtSharePpm: 0n };
    await ledger.run(earn({ ...points, expiresAt: () => NEVER, from: 'issue', kind: 'earn' }));
  });

  beforeEach(async () => {
    status = 'active';
    language = 'ru';
    logged = [];
    ledger.outbox.length = 0;
    await db.pool.query('delete from outbox');
    const sink = new Writable({
      write: (line: Buffer, _encoding, done) => {
        logged.push(line.toString());
        done();
      },
    });
    notice = { texts, source: '2500', resolve, findNumber, log: pino(sink) };
  });

  after(async () => {
    await ledger.close(1000);
    await db.drop();
  });

  const resolve = (msisdn: Msisdn) => {
    const found = PEOPLE.find((one) => one.msisdn === msisdn);
    return Promise.resolve(found && { id: BigInt(found.id), status, language });
  };
  const findNumber = (id: bigint) => Promise.resolve(PEOPLE.find((one) => BigInt(one.id) === id)?.msisdn);

  const ask = (to: Msisdn, points: bigint, context: Partial<CommandContext> = {}) => {
    const key = randomBytes(16);
    const execute = createExecute({
      pool: db.pool,
      classes: ledger.classes,
      ledger,
      clock: systemClock(),
      programme: () => programmeConfig.parse({ transfer: RULES }),
      priceList: () => ({ version: 1, items: [] }),
      resolve: async (msisdn) => {
        const found = await resolve(msisdn);
        return found && { ...found, status: 'active' };
      },
      findNumber,
      findItem: () => Promise.resolve(undefined),
      checkBrake: () => undefined,
      noticeOfPoints: createRecipientNotice(notice),
      setLanguage: () => Promise.resolve(),
    });
    const whole: CommandContext = {
      subscriber: { subscriberId: BigInt(ANNA.id), language: 'en', zone: 'UTC', status: 'active' },
      channel: 'ussd',
      origin: 'network',
      trace: key.toString('hex') as TraceId,
      requestKey: key,
      ...context,
    };
    return {
      context: whole,
      prepare: async (): Promise<string> => {
        const action = { kind: 'transfer', to, points } as const;
        const { outcome } = await execute(whole, { kind: 'prepare', action });
        return resultOf(outcome, 'prepared').pendingId;
      },
      confirm: async (pendingId: string): Promise<Outcome> =>
        (await execute(whole, { kind: 'confirm', pendingId })).outcome,
    };
  };
  const transfer = async (
    to: Msisdn,
    points = 5n,
    context: Partial<CommandContext> = {},
  ): Promise<Outcome> => {
    const { prepare, confirm } = ask(to, points, context);
    return confirm(await prepare());
  };
  const resultOf = <Kind extends Result['kind']>(outcome: Outcome, kind: Kind) => {
    expect(outcome).to.have.nested.property('result.kind', kind);
    return (outcome as unknown as { result: Extract<Result, { kind: Kind }> }).result;
  };
  const messages = () =>
    db.pool.query<Row>('select home, id, subscriber, destination, body from outbox order by id');
  const balance = async (id: number) => (await findWallet(db.pool, wallet(id)))!.balance;
  const counted = async (result: string): Promise<number> => {
    const { values } = await registry.getSingleMetric('bonusgate_recipient_notices_total')!.get();
    return values.find(({ labels }) => labels['result'] === result)?.value ?? 0;
  };

  for (const [name, recipient] of [
    ['in another home', BORIS],
    ['in the home of the sender', CLARA],
  ] as const) {
    it(`tells a recipient ${name}, in the recipient's language`, async () => {
      resultOf(await transfer(recipient.msisdn, 5n), 'transferred');
      const [message, ...more] = await messages();
      expect(more).to.deep.equal([]);
      expect({ ...message, id: null }).to.deep.equal({
        home: wallet(recipient.id).home,
        id: null,
        subscriber: BigInt(recipient.id),
        destination: recipient.msisdn,
        body: 'Получено 5 баллов от +7916*****11.',
      });
    });
  }

  it('speaks English to who reads English', async () => {
    language = 'en';
    await transfer(BORIS.msisdn, 1n);
    expect((await messages())[0]!.body).to.equal('You have received 1 point from +7916*****11.');
  });

  it('shows nothing of the sender but the masked number', async () => {
    await transfer(BORIS.msisdn);
    const [row] = await db.pool.query<{ all: string }>('select o::text as all from outbox o');
    expect(row!.all).to.contain('7916*****11');
    expect(row!.all).not.to.contain(ANNA.msisdn);
  });

  it('commits with the points, beside the answer to the sender, and is handed over on a lease', async () => {
    const reply: CommandContext['reply'] = (_outcome, now) => ({
      subscriber: ANNA.id,
      priority: OUTBOX_PRIORITY.reply,
      smsc: null,
      source: '2500',
      destination: ANNA.msisdn,
      body: 'sent',
      receipt: true,
      dueAt: now,
    });
    const { context, prepare, confirm } = ask(BORIS.msisdn, 5n);
    const pendingId = await prepare();
    expect(ledger.outbox).to.deep.equal([]);
    const answered = ask(BORIS.msisdn, 5n, { ...context, reply });
    resultOf(await answered.confirm(pendingId), 'transferred');
    const commits = await db.pool.query<{ kind: string; xid: string }>(
      `select 'outbox' as kind, xmin::text as xid from outbox
       union all (select 'transfer', xmin::text from transfer order by id desc limit 1)`,
    );
    expect(commits.map(({ kind }) => kind)).to.deep.equal(['outbox', 'outbox', 'transfer']);
    expect(new Set(commits.map(({ xid }) => xid)).size).to.equal(1);
    expect(ledger.outbox.map(({ destination, leaseOwner }) => ({ destination, leaseOwner }))).to.deep.equal([
      { destination: ANNA.msisdn, leaseOwner: 1 },
      { destination: BORIS.msisdn, leaseOwner: 1 },
    ]);
    for (const row of ledger.outbox) expect(row.dueAt).to.equal(row.createdAt);
    // Staff who look into it see both messages, although they lie in different homes.
    const [story] = await listStory(db.pool, { request: Buffer.from(pendingId, 'hex') });
    expect(story!.messages.map(({ text }) => text)).to.have.members([
      'sent',
      'Получено 5 баллов от +7916*****11.',
    ]);
    resultOf(await confirm(pendingId), 'transferred');
    expect(await messages()).to.have.length(2);
  });

  it('is not sent for a transfer that is refused', async () => {
    const { prepare, confirm } = ask(BORIS.msisdn, (await balance(ANNA.id)) - 10n);
    const pendingId = await prepare();
    await transfer(CLARA.msisdn, 20n);
    await db.pool.query('delete from outbox');
    expect(await confirm(pendingId)).to.deep.include({ kind: 'refused', code: 'points_insufficient' });
    expect(await messages()).to.deep.equal([]);
    const topUp = { to: wallet(ANNA.id), points: 10_000n, classId: ledger.earned, debtSharePpm: 0n };
    await ledger.run(earn({ ...topUp, expiresAt: () => NEVER, from: 'issue', kind: 'earn' }));
  });

  const silent: readonly (readonly [string, () => void])[] = [
    ['is suspended', () => (status = 'suspended')],
    ['has left', () => (status = 'terminated')],
    ['has no number any more', () => (notice = { ...notice, resolve: () => Promise.resolve(undefined) })],
    [
      'has lost the number to somebody else',
      () => (notice = { ...notice, resolve: () => Promise.resolve({ id: 99n, status, language }) }),
    ],
  ];
  for (const [name, arrange] of silent) {
    it(`is not sent to who ${name}; the points arrive all the same`, async () => {
      arrange();
      const [before, noted] = [await balance(BORIS.id), await counted('nobody_to_tell')];
      resultOf(await transfer(BORIS.msisdn), 'transferred');
      expect(await balance(BORIS.id)).to.equal(before + 5n);
      expect(await messages()).to.deep.equal([]);
      expect(await counted('nobody_to_tell')).to.equal(noted + 1);
    });
  }

  const saying = (body: string): Texts => ({ say: () => body });
  const failing: readonly (readonly [string, Partial<RecipientNoticeDeps>])[] = [
    ['the recipient cannot be looked up', { resolve: () => Promise.reject(new Error('no database')) }],
    ['the sender cannot be looked up', { findNumber: () => Promise.reject(new Error('no database')) }],
    [
      'there are no words for it',
      {
        texts: {
          say: () => {
            throw new Error('no words');
          },
        },
      },
    ],
    ['its text cannot be stored', { texts: saying('five\0points') }],
    ['its sender cannot be stored', { source: '25\0' }],
    ['its text is empty', { texts: saying('') }],
  ];
  for (const [name, change] of failing) {
    it(`never keeps the points from moving: ${name}`, async () => {
      notice = { ...notice, ...change };
      const [before, failed] = [await balance(BORIS.id), await counted('failed')];
      resultOf(await transfer(BORIS.msisdn), 'transferred');
      expect(await balance(BORIS.id)).to.equal(before + 5n);
      expect(await messages()).to.deep.equal([]);
      expect(await counted('failed')).to.equal(failed + 1);
      expect(logged.join('')).to.contain('recipient of points is not told').and.not.to.contain('7916');
    });
  }

  it('leaves a sound ledger', async () => {
    expect(await auditLedger(db.pool)).to.deep.include({ sum: 0n, balanceMismatches: 0n, lotMismatches: 0n });
  });
});
