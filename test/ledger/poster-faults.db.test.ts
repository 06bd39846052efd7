import { expect } from 'chai';
import pg from 'pg';
import { Fault, IntakeFull } from '../../src/errors.ts';
import { earn } from '../../src/ledger/decide/earn.ts';
import { spend } from '../../src/ledger/decide/spend.ts';
import { transfer } from '../../src/ledger/decide/transfer.ts';
import { NEVER } from '../../src/ledger/lots.ts';
import type { Decision, Operation, RequestIdentity } from '../../src/ledger/operation.ts';
import { clientRequest } from '../../src/ledger/request-key.ts';
import { auditLedger, findWallet } from '../../src/ledger/store.ts';
import { manualClock } from '../../src/runtime/clock.ts';
import { adminUrl, createTestDatabase, type TestDatabase } from '../support/database.ts';
import { newRequest, openTestLedger, openWallets, wallet, type TestLedger } from '../support/ledger.ts';

type Part = Pick<Operation, 'keys' | 'decide'>;

const MEMBERS = [1, 2, 3, 4, 5, 6];

describe('posters under trouble', () => {
  let db: TestDatabase;
  let admin: pg.Client;
  const open: TestLedger[] = [];

  before(async () => {
    db = await createTestDatabase();
    admin = new pg.Client({ connectionString: adminUrl() });
    await admin.connect();
    await openWallets(db.pool, [...MEMBERS, 11, 12, 13, 14, 15, 16, 17, 18]);
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((ledger) => ledger.close(5_000)));
  });

  after(async () => {
    await admin.end();
    await db.drop();
  });

  const openOne = async (options: Parameters<typeof openTestLedger>[1] = {}): Promise<TestLedger> => {
    const ledger = await openTestLedger(db, options);
    open.push(ledger);
    return ledger;
  };
  const give = (ledger: TestLedger, subscriber: number, points: bigint): Part =>
    earn({
      to: wallet(subscriber),
      points,
      classId: ledger.earned,
      expiresAt: () => NEVER,
      from: 'issue',
      kind: 'earn',
      debtSharePpm: 0n,
    });
  const pay = (subscriber: number, points: bigint): Part =>
    spend({ from: wallet(subscriber), points, to: 'redeemed', kind: 'spend' });
  const send = (from: number, to: number, points: bigint): Part =>
    transfer({ from: wallet(from), to: wallet(to), points, fee: 0n, classAfter: (id) => id, limits: [] });
  const balanceOf = async (subscriber: number) => (await findWallet(db.pool, wallet(subscriber)))!.balance;
  const outcomes = async (posting: readonly Promise<unknown>[]): Promise<string[]> => {
    const settled = await Promise.allSettled(posting);
    return settled.map((one) => (one.status === 'fulfilled' ? 'posted' : (one.reason as Error).name));
  };
  const stopConnections = () =>
    admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = $1 and application_name = 'bonusgate ledger'`,
      [new URL(db.url).pathname.slice(1)],
    );
  const allowConnections = (allowed: boolean) =>
    admin.query(
      `alter database ${new URL(db.url).pathname.slice(1)} with allow_connections ${String(allowed)}`,
    );
  async function expectSound(): Promise<void> {
    const audit = await auditLedger(db.pool);
    expect(audit).to.deep.include({ sum: 0n, balanceMismatches: 0n, lotMismatches: 0n, holdMismatches: 0n });
  }

  it('two daemons with two lanes each move crossing points without losing or doubling one', async () => {
    const [one, two] = [await openOne({ batchMax: 20 }), await openOne({ batchMax: 20, daemonId: 2 })];
    await Promise.all(MEMBERS.map((member) => one.run(give(one, member, 1000n))));
    const moves = Array.from({ length: 400 }, (_, at) => {
      const [from, to] = [MEMBERS[at % 6]!, MEMBERS[(at * 5 + 1) % 6]!];
      return { ledger: at % 2 === 0 ? one : two, part: send(from, from === to ? (to % 6) + 1 : to, 2n) };
    });
    const verdicts = await Promise.all(moves.map(({ ledger, part }) => ledger.run(part)));
    expect(verdicts.every((verdict) => verdict.kind === 'done')).to.equal(true);
    const balances = await Promise.all(MEMBERS.map(balanceOf));
    expect(balances.reduce((sum, balance) => sum + balance, 0n)).to.equal(6000n);
    await expectSound();
  });

  it('one request sent to two daemons at once is carried out once', async () => {
    const [one, two] = [await openOne({ batchMax: 5 }), await openOne({ batchMax: 5, daemonId: 2 })];
    const requests = Array.from({ length: 60 }, () => newRequest());
    const posted = await Promise.all(
      requests.flatMap((request) =>
        [one, two, one].map((ledger) => ledger.post({ ...give(one, 11, 1n), request })),
      ),
    );
    expect(posted.filter((each) => each.kind === 'posted' && !each.replayed)).to.have.length(60);
    expect(await balanceOf(11)).to.equal(60n);
  });

  it('one key with two contents, on different accounts and daemons, is carried out for one of them', async () => {
    const [one, two] = [await openOne({ batchMax: 3 }), await openOne({ batchMax: 3, daemonId: 2 })];
    const posting = Array.from({ length: 40 }, (_, at) => {
      const key = clientRequest('test', `key ${String(at)}`);
      const asked = (content: number): RequestIdentity => ({
        ...newRequest(),
        ...key,
        contentHash: Buffer.alloc(16, content),
      });
      return Promise.all([one.run(give(one, 12, 1n), asked(1)), two.run(give(two, 13, 1n), asked(2))]);
    });
    for (const verdicts of await Promise.all(posting)) {
      const codes = verdicts.map((verdict) => (verdict.kind === 'refused' ? verdict.code : 'done'));
      expect(codes.sort()).to.deep.equal(['done', 'idempotency_mismatch']);
    }
    expect((await balanceOf(12)) + (await balanceOf(13))).to.equal(40n);
  });

  const refusedByTheDatabase = (decision: Decision): Decision => ({
    ...decision,
    transfers: decision.transfers!.map((row) => ({ ...row, reason: 'a zero\u0000octet' })),
  });
  const notWritable = (decision: Decision): Decision => ({
    ...decision,
    reversals: [{ home: 15, transfer: 1, reversed: 2n ** 70n }],
  });

  for (const [poison, spoil] of [
    ['the database refuses', refusedByTheDatabase],
    ['cannot be written at all', notWritable],
  ] as const) {
    it(`one operation among 500 that ${poison} fails alone`, async () => {
      const ledger = await openOne({ lanes: 1, batchMax: 500 });
      const before = await balanceOf(14);
      const good = give(ledger, 15, 1n);
      const poisoned: Part = { ...good, decide: (view) => spoil(good.decide(view)) };
      const posting = Array.from({ length: 500 }, (_, at) =>
        ledger.run(at === 321 ? poisoned : give(ledger, 14, 1n)),
      );
      const names = await outcomes(posting);
      expect(names.filter((name) => name === 'posted')).to.have.length(499);
      expect(names[321]).to.equal('Fault');
      expect(await balanceOf(14)).to.equal(before + 499n);
      expect(await balanceOf(15)).to.equal(0n);
      await expectSound();
    });
  }

  it('answers at once that the intake is full, and only to the live queue', async () => {
    const ledger = await openOne({ lanes: 1, liveMax: 10 });
    const live = Array.from({ length: 30 }, () => ledger.post({ ...pay(16, 1n), request: newRequest() }));
    const bulk = Array.from({ length: 30 }, () =>
      ledger.post({ ...pay(16, 1n), request: newRequest() }, 'bulk'),
    );
    const names = await outcomes(live);
    expect(names.slice(0, 10)).to.deep.equal(Array<string>(10).fill('posted'));
    expect(names.slice(10)).to.deep.equal(Array<string>(20).fill('IntakeFull'));
    expect(await outcomes(bulk)).to.deep.equal(Array<string>(30).fill('posted'));
    expect(new IntakeFull()).not.to.be.instanceOf(Fault);
  });

  it('gives bulk work at most half of a batch while people wait', async () => {
    const ledger = await openOne({ lanes: 1, batchMax: 20 });
    const order: string[] = [];
    const noted = (queue: string): Part => ({
      keys: { accounts: [] },
      decide: () => {
        order.push(queue);
        return { data: null };
      },
    });
    const posting = [
      ...Array.from({ length: 40 }, () => ledger.post({ ...noted('bulk'), request: newRequest() }, 'bulk')),
      ...Array.from({ length: 30 }, () => ledger.post({ ...noted('live'), request: newRequest() })),
    ];
    await Promise.all(posting);
    const batch = [...Array<string>(10).fill('live'), ...Array<string>(10).fill('bulk')];
    expect(order).to.deep.equal([...batch, ...batch, ...batch, ...Array<string>(10).fill('bulk')]);
  });

  it('posts each operation once although its connections are cut again and again', async () => {
    const ledger = await openOne({ batchMax: 10, patienceMs: 60_000 });
    await ledger.run(give(ledger, 17, 1n));
    const posting: Promise<unknown>[] = [];
    for (let cut = 0; cut < 6; cut++) {
      for (let at = 0; at < 40; at++) posting.push(ledger.run(give(ledger, 17, 1n)));
      await posting.at(-35);
      await stopConnections();
    }
    expect(await outcomes(posting)).to.deep.equal(Array<string>(240).fill('posted'));
    expect(await balanceOf(17)).to.equal(241n);
    expect(ledger.healthy()).to.equal(true);
    await expectSound();
  });

  it('waits for a database that was stopped and started, then posts each operation once', async () => {
    const ledger = await openOne({ patienceMs: 60_000 });
    await ledger.run(give(ledger, 18, 1n));
    await allowConnections(false);
    await stopConnections();
    const posting = Array.from({ length: 50 }, () => ledger.run(give(ledger, 18, 1n)));
    await until(() => !ledger.healthy());
    await allowConnections(true);
    expect(await outcomes(posting)).to.deep.equal(Array<string>(50).fill('posted'));
    expect(await balanceOf(18)).to.equal(51n);
  });

  it('answers with a fault when the database stays away longer than people wait', async () => {
    const clock = manualClock();
    const ledger = await openOne({ clock, patienceMs: 5_000 });
    await allowConnections(false);
    try {
      const before = await balanceOf(18);
      let ended: unknown;
      ledger.run(give(ledger, 18, 1n)).catch((error: unknown) => (ended = error));
      await until(() => !ledger.healthy());
      expect(ended).to.equal(undefined);
      await until(() => {
        clock.advance(1_000);
        return ended !== undefined;
      });
      expect(ended).to.be.instanceOf(Fault);
      expect(await balanceOf(18)).to.equal(before);
    } finally {
      await allowConnections(true);
    }
  });
});

/** Lets the loop turn until it is so; the test's own timeout ends a wait in vain. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(setImmediate);
}
