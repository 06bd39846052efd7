import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { prepare } from '../../src/bonus/prepare.ts';
import { redeem } from '../../src/redemptions/redeem.ts';
import { runBatch, type BatchContext } from '../../src/ledger/batch.ts';
import { loadLotClasses } from '../../src/ledger/class-store.ts';
import { earn } from '../../src/ledger/decide/earn.ts';
import { placeHold } from '../../src/ledger/decide/hold.ts';
import { reverse, type Original } from '../../src/ledger/decide/reverse.ts';
import type { AccountKey } from '../../src/ledger/keys.ts';
import { approvalKind } from '../../src/ledger/kinds/approval.ts';
import { awardKind } from '../../src/ledger/kinds/award.ts';
import { benefitKind } from '../../src/ledger/kinds/benefit.ts';
import { sagaKind } from '../../src/ledger/kinds/saga.ts';
import { EARNED } from '../../src/ledger/lot-classes.ts';
import { NEVER } from '../../src/ledger/lots.ts';
import { toWrite, type Operation, type RequestIdentity } from '../../src/ledger/operation.ts';
import { createSerials } from '../../src/ledger/serials.ts';
import { findTransfer } from '../../src/ledger/store.ts';
import { openPipeline, type Answer, type Pipeline, type Statement } from '../../src/storage/pipeline.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { pricedItem } from '../support/price-list.ts';
import { newRequest, openWallets, wallet } from '../support/ledger.ts';
import { APPROVAL, AWARD, BENEFIT, SAGA } from '../support/owned-records.ts';

const KINDS = [
  'account',
  'request',
  'transfer',
  'posting',
  'hold',
  'pending',
  'reversal',
  'redemption',
  'award',
  'benefit',
  'approval',
  'saga',
  'mo',
  'outbox',
] as const;

/** A lane that something goes wrong on, between the ledger and the wire. */
type Mishap = (lane: Pipeline, statement: Statement, values: readonly Buffer[]) => Promise<Answer>;

const onWriteOf =
  (kind: string, mishap: Mishap) =>
  (lane: Pipeline): Pipeline => ({
    ...lane,
    send: (statement, values) =>
      statement.name === `write_${kind}` ? mishap(lane, statement, values) : lane.send(statement, values),
  });

const ANSWERED: Answer = { command: 'SELECT', rowCount: 1, rows: [['']] };
const neverSent: Mishap = () => Promise.resolve(ANSWERED);
const refusedByTheLibrary: Mishap = () => Promise.reject(new Error('refused before it was sent'));
const oneRowShort: Mishap = (lane, statement, values) => lane.send(statement, values.map(withoutLast));

/** A binary array without its last element: see array_recv in Postgres' arrayfuncs.c. */
function withoutLast(array: Buffer): Buffer {
  const length = array.readInt32BE(12);
  let at = 20;
  for (let element = 0; element < length - 1; element++) at += 4 + Math.max(0, array.readInt32BE(at));
  const shorter = Buffer.from(array.subarray(0, at));
  shorter.writeInt32BE(length - 1, 12);
  return shorter;
}

/** Records of the kinds that have no operation of their own in the ledger. */
function writeOneOfEach(owner: AccountKey): Pick<Operation, 'keys' | 'decide'> {
  return {
    keys: { accounts: [owner] },
    decide: (view) => {
      const own = { home: owner.home, account: owner.id, serial: view.serial(), createdAt: view.now };
      return {
        data: null,
        records: [
          toWrite(awardKind, { ...own, ...AWARD }),
          toWrite(benefitKind, { ...own, ...BENEFIT }),
          toWrite(approvalKind, { ...own, ...APPROVAL }),
          toWrite(sagaKind, { ...own, ...SAGA }),
        ],
      };
    },
  };
}

describe('a batch of the ledger', () => {
  let db: TestDatabase;
  let context: BatchContext;
  let lane: Pipeline;
  let classId: number;
  let original: Original;

  before(async () => {
    db = await createTestDatabase();
    await openWallets(db.pool, [1, 2]);
    const classes = await loadLotClasses(db.pool);
    const serials = await createSerials(db.pool);
    classId = (await classes.intern(EARNED)).id;
    context = {
      leaseOwner: 1,
      leaseMs: 30_000,
      provedUntil: () => 0,
      offsetMs: () => 0,
      serial: () => serials.next(),
      refillSerials: () => serials.refill(),
      classOf: (id) => classes.get(id),
      reloadClasses: () => classes.reload(),
    };
    lane = await openLane();
    await runBatch(lane, [give(1, 500n), give(2, 500n)], context);
    const [row] = await db.pool.query<{ id: bigint }>('select id from transfer where home = $1', [1]);
    original = (await findTransfer(db.pool, 1, Number(row!.id)))!;
  });

  after(async () => {
    await lane.close();
    await db.drop();
  });

  const openLane = () =>
    openPipeline({ url: db.url, applicationName: 'test lane', connectTimeoutMs: 5000, queryTimeoutMs: 5000 });
  const give = (subscriber: number, points: bigint, request: Partial<RequestIdentity> = {}): Operation => ({
    request: { ...newRequest(), ...request },
    ...earn({
      to: wallet(subscriber),
      points,
      classId,
      expiresAt: () => NEVER,
      from: 'issue',
      kind: 'earn',
      debtSharePpm: 0n,
    }),
  });

  /** Something of every kind of record, at least two rows of most. */
  const everything = (): Operation[] => {
    const message: Partial<RequestIdentity> = {
      mo: { home: 1, fingerprint: newRequest().key, receivedAt: 1, sessionId: randomUUID() },
      reply: () => ({
        subscriber: 1,
        priority: 0,
        smsc: null,
        source: '111',
        destination: '79160000001',
        body: 'You have 1 point.',
        receipt: false,
        dueAt: 0,
      }),
    };
    const item = pricedItem({ code: 'tea', name: { en: 'Tea', ru: 'Чай' }, points: 3n });
    const from = wallet(1);
    return [
      give(1, 1n, message),
      { request: newRequest(), ...placeHold({ from: wallet(2), points: 1n, ttlMs: 1000 }) },
      {
        request: newRequest(),
        ...prepare({
          wallet: from,
          pendingId: newRequest().key,
          codeHash: null,
          action: { kind: 'redeem', item: 'tea', points: '3', priceList: 1 },
          ttlMs: 1000,
        }),
      },
      { request: newRequest(), ...reverse({ original, points: 1n, reason: 'test', lapsed: 'forfeit' }) },
      {
        request: newRequest(),
        ...redeem({ wallet: from, item, priceList: 1, voucher: null, stockParts: [], zone: 'UTC' }),
      },
      { request: newRequest(), ...writeOneOfEach(from) },
    ];
  };

  /** Every row of every table that a batch writes, as one text. */
  const stored = async (): Promise<string> => {
    const tables = KINDS.map((kind) => `select '${kind}' as kind, ${kind}::text as line from ${kind}`);
    const rows = await db.pool.query<{ kind: string; line: string }>(
      `${tables.join(' union all ')} order by 1, 2`,
    );
    return rows.map(({ kind, line }) => `${kind} ${line}`).join('\n');
  };

  /** The batch fails on a lane of this kind, nothing of it is stored, and the lane can go on. */
  async function expectNothingStored(damaged: (lane: Pipeline) => Pipeline): Promise<void> {
    const before = await stored();
    const failed = await runBatch(damaged(lane), everything(), context).then(
      () => false,
      () => true,
    );
    await lane.command('rollback');
    expect(failed, 'the batch failed').to.equal(true);
    expect(await stored()).to.equal(before);
  }

  it('stores every kind of record when all goes well', async () => {
    const before = await stored();
    await runBatch(lane, everything(), context);
    const kinds = new Set((await stored()).split('\n').map((line) => line.split(' ')[0]));
    expect([...kinds].sort()).to.deep.equal([...KINDS].sort());
    expect(await stored()).not.to.equal(before);
  });

  for (const kind of KINDS) {
    it(`fails as a whole when its write of ${kind} records is never sent`, () =>
      expectNothingStored(onWriteOf(kind, neverSent)));

    it(`fails as a whole when one ${kind} record is missing`, () =>
      expectNothingStored(onWriteOf(kind, oneRowShort)));
  }

  it('rolls back when the client library refuses a write by itself', () =>
    expectNothingStored(onWriteOf('posting', refusedByTheLibrary)));

  it('does not take a COMMIT for done that the server answers with ROLLBACK', () =>
    expectNothingStored((inner) => ({
      ...inner,
      command: (text) => {
        if (text !== 'commit') return inner.command(text);
        // As when a write fails unseen: the server then answers COMMIT with ROLLBACK, and no error.
        inner.send({ name: 'fails_unseen', text: 'select 1 / 0' }, []).catch(() => undefined);
        return inner.command(text);
      },
    })));

  it('never sends two statements under one name', async () => {
    const fresh = await openLane();
    await fresh.send({ name: 'write_transfer', text: 'select 1' }, []);
    const before = await stored();
    const failed = await runBatch(fresh, everything(), context).catch((error: unknown) => String(error));
    expect(failed).to.contain('two statements under one name: write_transfer');
    await fresh.close();
    expect(await stored()).to.equal(before);
  });

  it('is an error, not a lost update, when an account was changed behind its lock', () =>
    expectNothingStored((inner) => ({
      ...inner,
      send: async (statement, values) => {
        const answer = await inner.send(statement, values);
        if (statement.name !== 'lock_account') return answer;
        const stale = answer.rows.map((row) =>
          row.map((value, at) => (at === 8 ? String(Number(value) - 1) : value)),
        );
        return { ...answer, rows: stale };
      },
    })));

  it('tells the operation that broke from those that did not', async () => {
    const broken: Operation = {
      request: newRequest(),
      keys: { accounts: [wallet(1)] },
      decide: (view) => ({ data: null, accounts: [{ ...view.account(wallet(1).id), balance: 7n }] }),
    };
    const decided = await runBatch(lane, [give(1, 1n), broken, give(1, 1n)], context);
    expect(decided.map((one) => Object.keys(one)[0])).to.deep.equal(['posted', 'bug', 'posted']);
  });

  it('locks accounts in the order of homes and ids, whatever order the operations come in', async () => {
    await openWallets(db.pool, [1027, 2051, 900]);
    const asked: string[] = [];
    const watching: Pipeline = {
      ...lane,
      send: (statement, values) => {
        if (statement.name === 'lock_account') asked.push(values.map(elementsOf).join(' '));
        return lane.send(statement, values);
      },
    };
    await runBatch(
      watching,
      [2051, 900, 1027, 900].map((subscriber) => give(subscriber, 1n)),
      context,
    );
    expect(asked).to.deep.equal(['3,3,900 16432,32816,14400']);
  });
});

function elementsOf(array: Buffer): string {
  const length = array.readInt32BE(12);
  const values: number[] = [];
  for (let element = 0, at = 20; element < length; element++) {
    const octets = array.readInt32BE(at);
    values.push(octets === 2 ? array.readInt16BE(at + 4) : Number(array.readBigInt64BE(at + 4)));
    at += 4 + octets;
  }
  return values.join(',');
}
