import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { createProofs, moIdentity, type Proofs } from '../../../src/channels/sms/proofs.ts';
import type { MobileOriginated } from '../../../src/channels/mobile-originated.ts';
import { walletOf } from '../../../src/ledger/keys.ts';
import { manualClock, type ManualClock } from '../../../src/runtime/clock.ts';
import { waitUntil } from '../../../src/runtime/pause.ts';
import type { Db } from '../../../src/storage/postgres.ts';
import { instant, SECOND_MS } from '../../../src/values/instant.ts';
import { newTraceId } from '../../../src/runtime/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { quietLog } from '../../support/ledger.ts';

const NOW = 1_760_000_000_000;
const SUBSCRIBER = 16n;

const message = (change: Partial<MobileOriginated> = {}): MobileOriginated => ({
  smsc: 'north',
  bind: 'main',
  sessionId: randomUUID(),
  source: '79160000001',
  destination: '2500',
  dataCoding: 0,
  identity: '',
  octets: Buffer.from('BALANCE'),
  text: 'BALANCE',
  origin: 'network',
  trace: newTraceId(),
  receivedAt: instant(NOW),
  ...change,
});

describe('proofs that our answers reached the SMSC', () => {
  let database: TestDatabase;
  let clock: ManualClock;
  let proofs: Proofs;
  /** Statements of the proofs that the database is not given, or only later. */
  let hinder: () => Promise<unknown>;
  let written: number;
  let id: string;

  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());
  beforeEach(async () => {
    await database.pool.query('truncate smpp_session, mo');
    clock = manualClock(NOW);
    hinder = () => Promise.resolve();
    written = 0;
    id = randomUUID();
    proofs = createProofs(db, clock, quietLog);
  });
  afterEach(() => proofs.close());

  const db: Db = {
    query: async (text, values) => {
      await hinder();
      const rows = await database.pool.query<never>(text, values);
      written += 1;
      return rows;
    },
  };
  const start = (sessionId = id) => proofs.onSessionStart({ sessionId, smsc: 'north', bind: 'main' });
  /** Lets a second pass and waits for what it writes. */
  const second = async (): Promise<void> => {
    const known = written;
    clock.advance(SECOND_MS);
    const done = await waitUntil(() => (written > known ? true : undefined), { timeoutMs: 5_000 });
    expect(done, 'something is written').to.equal(true);
  };
  const stored = async (sessionId = id) => {
    const rows = await database.pool.query<{ provedUntil: Date; endedAt: Date | null }>(
      'select proved_until as "provedUntil", ended_at as "endedAt" from smpp_session where id = $1',
      [sessionId],
    );
    const row = rows[0];
    return row && { provedUntil: row.provedUntil.getTime(), endedAt: row.endedAt?.getTime() ?? null };
  };

  it('are known at once, and stored a second later', async () => {
    start();
    expect(proofs.provedUntil(id)).to.equal(NOW);
    proofs.onProof(id, instant(NOW + 300));
    expect(proofs.provedUntil(id)).to.equal(NOW + 300);
    clock.advance(SECOND_MS - 1);
    expect(await stored()).to.equal(undefined);
    written = 0;
    clock.advance(1);
    await waitUntil(() => (written > 0 ? true : undefined), { timeoutMs: 5_000 });
    expect(await stored()).to.deep.equal({ provedUntil: NOW + 300, endedAt: null });
  });

  it('of a session that nobody started are no proofs', () => {
    proofs.onProof(id, instant(NOW));
    expect(proofs.provedUntil(id)).to.equal(0);
  });

  it('are stored with the end of their session, and then only there', async () => {
    start();
    proofs.onProof(id, instant(NOW + 300));
    clock.advance(500);
    proofs.onSessionEnd(id);
    expect(proofs.provedUntil(id), 'until it is stored').to.equal(NOW + 300);
    await second();
    expect(await stored()).to.deep.equal({ provedUntil: NOW + 300, endedAt: NOW + 500 });
    await waitUntil(() => (proofs.provedUntil(id) === 0 ? true : undefined), { timeoutMs: 5_000 });
    expect(proofs.provedUntil(id)).to.equal(0);
  });

  it('are stored later when the database did not take them', async () => {
    let refused = 0;
    hinder = () => Promise.reject(new Error(`no database ${String(++refused)}`));
    start();
    proofs.onProof(id, instant(NOW + 300));
    clock.advance(SECOND_MS);
    await waitUntil(() => (refused > 0 ? true : undefined), { timeoutMs: 5_000 });
    expect(proofs.provedUntil(id)).to.equal(NOW + 300);
    hinder = () => Promise.resolve();
    // The next turn is only planned once the refusal has been heard.
    await waitUntil(
      async () => {
        clock.advance(SECOND_MS);
        return (await stored()) === undefined ? undefined : true;
      },
      { timeoutMs: 5_000 },
    );
    expect(await stored()).to.deep.equal({ provedUntil: NOW + 300, endedAt: null });
  });

  it('never move back in the store, whatever order daemons write in', async () => {
    start();
    proofs.onProof(id, instant(NOW + 900));
    await second();
    proofs.onProof(id, instant(NOW + 100));
    await second();
    expect((await stored())!.provedUntil).to.equal(NOW + 900);
  });

  it('that come while the end of their session is being stored do no harm', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let waiting = 0;
    start();
    proofs.onSessionEnd(id);
    hinder = () => {
      waiting += 1;
      return held;
    };
    clock.advance(SECOND_MS);
    expect(waiting).to.equal(1);
    proofs.onProof(id, instant(NOW + 700));
    release();
    await waitUntil(async () => ((await stored()) === undefined ? undefined : true), { timeoutMs: 5_000 });
    const other = randomUUID();
    start(other);
    // The turn after it writes as ever.
    await waitUntil(
      async () => {
        clock.advance(SECOND_MS);
        return (await stored(other)) === undefined ? undefined : true;
      },
      { timeoutMs: 5_000 },
    );
    expect(await stored(other)).not.to.equal(undefined);
    expect((await stored())!.provedUntil, 'and nothing is lost').to.equal(NOW + 700);
  });

  it('are stored by the end of the daemon at the latest', async () => {
    start();
    proofs.onProof(id, instant(NOW + 300));
    await proofs.close();
    expect(await stored()).to.deep.equal({ provedUntil: NOW + 300, endedAt: null });
  });

  it('are not written again while nothing changes', async () => {
    start();
    await second();
    const known = written;
    for (let turn = 0; turn < 5; turn++) {
      clock.advance(SECOND_MS);
      await database.pool.query('select 1');
    }
    expect(written).to.equal(known);
  });

  it('are taken back for one message by an answer that came too late', async () => {
    const late = message();
    const { home, fingerprint } = moIdentity(late, SUBSCRIBER);
    const other = moIdentity(message({ octets: Buffer.from('HELP') }), SUBSCRIBER);
    for (const one of [fingerprint, other.fingerprint]) {
      await database.pool.query(
        `insert into mo (home, fingerprint, first_at, received_at, session_id, request_key)
         values ($1, $2, $3, $3, $4, '\\x00')`,
        [home, one, new Date(NOW), late.sessionId],
      );
    }
    const doubted = async (): Promise<Buffer[]> => {
      const rows = await database.pool.query<{ fingerprint: Buffer }>(
        'select fingerprint from mo where in_doubt',
      );
      return rows.map((row) => row.fingerprint);
    };
    proofs.onLateAnswer({ ...late, sessionId: randomUUID() }, SUBSCRIBER);
    await waitUntil(() => (written > 0 ? true : undefined), { timeoutMs: 5_000 });
    expect(await doubted(), 'not for a delivery in another session').to.deep.equal([]);
    proofs.onLateAnswer(late, SUBSCRIBER);
    await waitUntil(() => (written > 1 ? true : undefined), { timeoutMs: 5_000 });
    expect(await doubted()).to.deep.equal([fingerprint]);
  });
});

describe('the identity of a short message (ADR 1)', () => {
  const fields = fc.record({
    smsc: fc.string({ maxLength: 6 }),
    source: fc.stringMatching(/^[1-9]\d{6,14}$/),
    destination: fc.stringMatching(/^\d{1,6}$/),
    dataCoding: fc.integer({ min: 0, max: 255 }),
    identity: fc.string({ maxLength: 6 }),
    octets: fc.uint8Array({ maxLength: 20 }).map((octets) => Buffer.from(octets)),
  });

  it('is the same for two messages exactly when all that identifies them is', () => {
    const parts = (one: object): string => JSON.stringify(one);
    fc.assert(
      fc.property(
        fields,
        fields,
        fc.subarray(['smsc', 'source', 'destination', 'dataCoding', 'identity', 'octets'] as const),
        (a, b, taken) => {
          // Mostly alike: some fields of the second are those of the first.
          const second = { ...b, ...Object.fromEntries(taken.map((name) => [name, a[name]])) };
          const same = parts(a) === parts(second);
          const [one, two] = [a, second].map((each) => moIdentity(message(each), SUBSCRIBER).fingerprint);
          expect(one!.equals(two!)).to.equal(same);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('does not mix up where one field ends and the next begins', () => {
    const of = (change: Partial<MobileOriginated>) =>
      moIdentity(message(change), SUBSCRIBER).fingerprint.toString('hex');
    const spellings = [
      of({ smsc: 'a', source: 'b', octets: Buffer.from('c') }),
      of({ smsc: 'ab', source: '', octets: Buffer.from('c') }),
      of({ smsc: '', source: 'ab', octets: Buffer.from('c') }),
      of({ smsc: 'a1:b', source: '', octets: Buffer.from('c') }),
      of({ smsc: 'a', source: 'b', identity: 'c', octets: Buffer.alloc(0) }),
    ];
    expect(new Set(spellings).size).to.equal(spellings.length);
  });

  it('does not depend on when, over which session and under which trace it came', () => {
    const one = message();
    const again = message({
      receivedAt: instant(NOW + 5_000),
      text: 'other',
      bind: 'second',
      origin: 'untrusted',
    });
    expect(moIdentity(again, SUBSCRIBER).fingerprint).to.deep.equal(moIdentity(one, SUBSCRIBER).fingerprint);
    expect(moIdentity(one, SUBSCRIBER)).to.deep.include({
      home: walletOf(SUBSCRIBER).home,
      receivedAt: one.receivedAt,
      sessionId: one.sessionId,
    });
  });
});
