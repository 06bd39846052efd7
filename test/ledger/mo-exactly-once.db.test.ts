import { randomBytes, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { MO_IN_DOUBT_MS, MO_SAME_MS } from '../../src/ledger/decide-batch.ts';
import { earn } from '../../src/ledger/decide/earn.ts';
import { NEVER } from '../../src/ledger/lots.ts';
import type { MoIdentity, Operation, Posted } from '../../src/ledger/operation.ts';
import { markInDoubt, writeSessions } from '../../src/ledger/smpp-session-store.ts';
import { findWallet } from '../../src/ledger/store.ts';
import { HOUR_MS, SECOND_MS } from '../../src/values/instant.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { newRequest, openTestLedger, openWallets, wallet, type TestLedger } from '../support/ledger.ts';

/** ADR 1. Each test has its own subscriber; every command is worth one point, so the balance counts them. */
describe('a short message that is delivered again', () => {
  let db: TestDatabase;
  let ledger: TestLedger;
  let second: TestLedger;
  let subscriber = 0;
  /** What this daemon's own sessions have proved, fresher than what is stored. */
  const proofs = new Map<string, number>();
  let start: number;

  before(async () => {
    db = await createTestDatabase();
    await openWallets(
      db.pool,
      Array.from({ length: 30 }, (_, at) => at + 1),
    );
  });

  beforeEach(async () => {
    subscriber += 1;
    proofs.clear();
    ledger = await openTestLedger(db, { provedUntil: (session) => proofs.get(session) ?? 0 });
    second = await openTestLedger(db, { daemonId: 2 });
    start = 1_000_000;
  });

  afterEach(() => Promise.all([ledger.close(1_000), second.close(1_000)]));
  after(() => db.drop());

  const session = (): string => randomUUID();
  const message = (sessionId: string, receivedAt = start): MoIdentity => ({
    home: wallet(subscriber).home,
    fingerprint: Buffer.alloc(32, `balance of ${String(subscriber)}`),
    receivedAt,
    sessionId,
  });
  const operation = (mo: MoIdentity): Operation => ({
    request: {
      ...newRequest(),
      mo,
      reply: () => ({
        subscriber,
        priority: 0,
        smsc: 'A',
        source: '111',
        destination: '79160000001',
        body: 'done',
        receipt: false,
        dueAt: 0,
      }),
    },
    ...earn({
      to: wallet(subscriber),
      points: 1n,
      classId: ledger.earned,
      expiresAt: () => NEVER,
      from: 'issue',
      kind: 'earn',
      debtSharePpm: 0n,
    }),
  });
  const receive = async (mo: MoIdentity, by: TestLedger = ledger): Promise<Posted['kind']> =>
    (await by.post(operation(mo))).kind;
  const carriedOut = async (): Promise<number> =>
    Number((await findWallet(db.pool, wallet(subscriber)))!.balance);
  const waitOnBoth = (ms: number): void => {
    ledger.advance(ms);
    second.advance(ms);
  };
  const store = (sessionId: string, provedUntil: number) =>
    writeSessions(db.pool, [
      { sessionId, smsc: 'A', bind: 'main', startedAt: 0, provedUntil, endedAt: null },
    ]);

  it('is the same within a minute, even when our answer is known to have arrived', async () => {
    const first = session();
    expect(await receive(message(first))).to.equal('posted');
    proofs.set(first, start + 1);
    ledger.advance(MO_SAME_MS - SECOND_MS);
    expect(await receive(message(first, start + 59_000))).to.equal('duplicate');
    expect(await carriedOut()).to.equal(1);
  });

  it('is counted from the first delivery: repetitions do not stretch the minute', async () => {
    const first = session();
    await receive(message(first));
    proofs.set(first, start + HOUR_MS);
    ledger.advance(40 * SECOND_MS);
    expect(await receive(message(first, start + 40_000))).to.equal('duplicate');
    ledger.advance(40 * SECOND_MS);
    expect(await receive(message(first, start + 80_000))).to.equal('posted');
    expect(await carriedOut()).to.equal(2);
  });

  it('counts as a new one two minutes later when our answer is known to have arrived', async () => {
    const first = session();
    await receive(message(first));
    proofs.set(first, start + 1);
    ledger.advance(120 * SECOND_MS);
    expect(await receive(message(first, start + 120_000))).to.equal('posted');
    proofs.set(first, start + 120_001);
    ledger.advance(120 * SECOND_MS);
    expect(await receive(message(session(), start + 240_000))).to.equal('posted');
    expect(await carriedOut()).to.equal(3);
  });

  it('is not proved by what the SMSC answered before our own answer', async () => {
    const first = session();
    await receive(message(first));
    proofs.set(first, start);
    ledger.advance(MO_SAME_MS);
    expect(await receive(message(first, start + MO_SAME_MS))).to.equal('duplicate');
  });

  it('is the same for a day when nobody knows what became of the session', async () => {
    await receive(message(session()));
    ledger.advance(MO_IN_DOUBT_MS - HOUR_MS);
    expect(await receive(message(session(), start + 23 * HOUR_MS))).to.equal('duplicate');
    expect(await carriedOut()).to.equal(1);
  });

  it('counts as a new one after a day, in doubt or not', async () => {
    await receive(message(session()));
    ledger.advance(MO_IN_DOUBT_MS);
    expect(await receive(message(session(), start + MO_IN_DOUBT_MS))).to.equal('posted');
    expect(await carriedOut()).to.equal(2);
  });

  it('is the same when our answer came too late to be believed', async () => {
    const first = session();
    const mo = message(first);
    await receive(mo);
    proofs.set(first, start + HOUR_MS);
    await markInDoubt(db.pool, mo.home, mo.fingerprint, first);
    ledger.advance(2 * MO_SAME_MS);
    expect(await receive(message(session(), start + 120_000))).to.equal('duplicate');
  });

  it('is no longer in doubt once the answer to the redelivery has arrived', async () => {
    const [first, later] = [session(), session()];
    await receive(message(first));
    ledger.advance(2 * MO_SAME_MS);
    expect(await receive(message(later, start + 120_000))).to.equal('duplicate');
    // The subscriber reads the answer and writes the very same words again, an hour later.
    proofs.set(later, start + 120_001);
    ledger.advance(HOUR_MS);
    expect(await receive(message(later, start + HOUR_MS))).to.equal('posted');
    expect(await carriedOut()).to.equal(2);
  });

  it('is recognised by a second daemon after the first one died', async () => {
    const first = session();
    await store(first, start);
    await receive(message(first));
    waitOnBoth(5 * MO_SAME_MS);
    expect(await receive(message(session(), start + 300_000), second)).to.equal('duplicate');
    expect(await carriedOut()).to.equal(1);
  });

  it('counts as a new one on a second daemon when the first one stored its proof', async () => {
    const first = session();
    await receive(message(first));
    await store(first, start + 1);
    waitOnBoth(5 * MO_SAME_MS);
    expect(await receive(message(session(), start + 300_000), second)).to.equal('posted');
    expect(await carriedOut()).to.equal(2);
  });

  it('does not lose a proof to an older one', async () => {
    const first = session();
    await receive(message(first));
    await store(first, start + 1);
    await store(first, start - 1);
    waitOnBoth(5 * MO_SAME_MS);
    expect(await receive(message(session()), second)).to.equal('posted');
  });

  it('is carried out once when both daemons get it at the same moment', async () => {
    const kinds = await Promise.all(
      Array.from({ length: 20 }, (_, at) => receive(message(session()), at % 2 === 0 ? ledger : second)),
    );
    expect(kinds.filter((kind) => kind === 'posted')).to.have.length(1);
    expect(await carriedOut()).to.equal(1);
  });

  it('is answered once: the answer commits with the points', async () => {
    const mo = message(session());
    await receive(mo);
    await receive(mo, second);
    const rows = await db.pool.query<{ body: string; lease_owner: number }>(
      'select body, lease_owner from outbox where subscriber = $1',
      [subscriber],
    );
    expect(rows).to.deep.equal([{ body: 'done', lease_owner: 1 }]);
    expect(ledger.outbox).to.have.length(1);
    expect(second.outbox).to.have.length(0);
  });

  it('is another message when a single octet differs', async () => {
    const mo = message(session());
    await receive(mo);
    expect(await receive({ ...mo, fingerprint: randomBytes(32) })).to.equal('posted');
    expect(await carriedOut()).to.equal(2);
  });
});
