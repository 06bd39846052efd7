import { expect } from 'chai';
import fc from 'fast-check';
import { sweep, type Swept } from '../../src/jobs/sweep.ts';
import { earn } from '../../src/ledger/decide/earn.ts';
import { placeHold, type Placed } from '../../src/ledger/decide/hold.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { homeOf } from '../../src/ledger/keys.ts';
import { NEVER } from '../../src/ledger/lots.ts';
import { TRANSFER_KIND } from '../../src/ledger/records.ts';
import { auditLedger, findWallet } from '../../src/ledger/store.ts';
import { waitUntil } from '../../src/runtime/pause.ts';
import { DAY_MS, HOUR_MS } from '../../src/values/instant.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { openTestLedger, wallet, type TestLedger } from '../support/ledger.ts';

/** More than the sweep reads at a time, so that it has to go on from page to page. */
const MEMBERS = 1_100;
/** Pages go by home, so it is the homes near 1024 that come last. */
const LAST_PAGE = [1_021, 1_022, 1_023];
const NOTHING: Swept = { wallets: 0, points: 0n, holds: 0 };

describe('the sweep', () => {
  let db: TestDatabase;
  let ledger: TestLedger;
  let moved = 0;
  let next = 1;

  before(async () => {
    db = await createTestDatabase();
    ledger = await openTestLedger(db);
    const keys = Array.from({ length: MEMBERS }, (_, at) => wallet(at + 1));
    await db.pool.query(
      'insert into account (home, id, role) select home, id, 1 from unnest($1::smallint[], $2::bigint[]) k(home, id)',
      [keys.map(({ home }) => home), keys.map(({ id }) => id)],
    );
  });
  after(async () => {
    await ledger.close(1_000);
    await db.drop();
  });
  /** Members whom no test has given anything yet, spread over the homes and the pages. */
  const someMembers = (count: number): number[] =>
    Array.from({ length: count }, () => {
      const member = ((next++ * 7) % MEMBERS) + 1;
      expect(next, 'members are used once').to.be.lessThan(MEMBERS);
      return member;
    });

  const now = (): number => Date.now() + moved;
  const wait = (ms: number): void => {
    moved += ms;
    ledger.advance(ms);
  };
  const run = (by: Ledger = ledger): Promise<Swept> => sweep(by, db.pool, now());
  const give = async (member: number, points: bigint, days: number | 'never', fromDay = 0): Promise<void> => {
    const begin = now();
    await ledger.run(
      earn({
        to: wallet(member),
        points,
        classId: ledger.earned,
        expiresAt: () => (days === 'never' ? NEVER : Math.floor(begin + days * DAY_MS)),
        ...(fromDay > 0 && { activeFrom: () => Math.floor(begin + fromDay * DAY_MS) }),
        from: 'issue',
        kind: 'earn',
        debtSharePpm: 0n,
      }),
    );
  };
  const hold = async (member: number, points: bigint, days: number): Promise<void> => {
    const part = placeHold({ from: wallet(member), points, ttlMs: days * DAY_MS });
    const verdict = await ledger.run(part);
    expect(verdict.kind === 'done' && (verdict.data as Placed).points).to.equal(points);
  };
  const stateOf = async (member: number) => {
    const { balance, held } = (await findWallet(db.pool, wallet(member)))!;
    return { balance, held };
  };
  const expiries = (member: number) =>
    db.pool.query<{ amount: bigint }>(
      'select amount from transfer where src = $1 and kind = $2 order by id',
      [wallet(member).id, TRANSFER_KIND.expire],
    );

  it('finds nothing where nothing has lapsed', async () => {
    expect(await run()).to.deep.equal(NOTHING);
  });

  it('books what has lapsed in every home and on every page, once', async () => {
    const members = [1, 2, ...LAST_PAGE, ...someMembers(16)];
    expect(new Set(members.map((member) => homeOf(wallet(member).id))).size).to.be.greaterThan(10);
    await Promise.all(members.map((member) => give(member, 10n, 1)));
    await Promise.all(members.map((member) => give(member, 5n, 30)));
    wait(2 * DAY_MS);
    expect(await run()).to.deep.equal({
      wallets: members.length,
      points: 10n * BigInt(members.length),
      holds: 0,
    });
    for (const member of members) expect(await stateOf(member)).to.deep.equal({ balance: 5n, held: 0n });
    expect(await run()).to.deep.equal(NOTHING);
    for (const member of members) expect(await expiries(member)).to.deep.equal([{ amount: 10n }]);
    wait(30 * DAY_MS);
    expect((await run()).points).to.equal(5n * BigInt(members.length));
  });

  it('takes points in the instant they lapse, not a moment earlier', async () => {
    const [member] = someMembers(1);
    await give(member!, 7n, 1);
    const { lots } = (await findWallet(db.pool, wallet(member!)))!;
    const lapses = lots[0]!.expires;
    const early = await sweep(ledger, db.pool, lapses - 1);
    expect(early).to.deep.equal(NOTHING);
    wait(DAY_MS + HOUR_MS);
    const onTime = await sweep(ledger, db.pool, lapses);
    expect(onTime).to.deep.equal({ wallets: 1, points: 7n, holds: 0 });
  });

  it('believes the ledger about the time: a clock that is ahead takes nothing away', async () => {
    const [member] = someMembers(1);
    await give(member!, 7n, 10);
    const ahead = await sweep(ledger, db.pool, now() + 20 * DAY_MS);
    expect(ahead.points).to.equal(0n);
    expect(await stateOf(member!)).to.deep.equal({ balance: 7n, held: 0n });
    wait(11 * DAY_MS);
    await run();
  });

  it('goes on where it was stopped', async () => {
    const members = someMembers(40);
    await Promise.all(members.map((member) => give(member, 3n, 1)));
    wait(2 * DAY_MS);
    let posted = 0;
    const dying: Ledger = {
      ...ledger,
      post: (operation, queue) =>
        ++posted > 15 ? Promise.reject(new Error('the daemon dies')) : ledger.post(operation, queue),
    };
    expect(await run(dying).catch(String)).to.contain('the daemon dies');
    const done = async () => (await Promise.all(members.map((member) => expiries(member)))).flat().length;
    // What was on its way still ends by itself.
    await waitUntil(async () => ((await done()) === 15 ? true : undefined), { timeoutMs: 5_000 });
    expect(await done()).to.equal(15);
    expect(await run()).to.deep.equal({ wallets: 25, points: 75n, holds: 0 });
    expect(await done()).to.equal(40);
    expect(await run()).to.deep.equal(NOTHING);
  });

  it('books once when two daemons sweep at the same time', async () => {
    const members = someMembers(40);
    await Promise.all(members.map((member) => give(member, 100n, 'never')));
    await Promise.all(members.map((member) => hold(member, 50n, 1)));
    await Promise.all(members.map((member) => give(member, 3n, 1)));
    wait(2 * DAY_MS);
    const second = await openTestLedger(db, { daemonId: 2 });
    second.advance(moved);
    const swept = await Promise.all([run(), run(second)]);
    await second.close(1_000);
    expect(swept[0].points + swept[1].points).to.equal(3n * 40n);
    expect(swept[0].holds + swept[1].holds).to.equal(40);
    for (const member of members) expect(await stateOf(member)).to.deep.equal({ balance: 100n, held: 0n });
    expect(await run()).to.deep.equal(NOTHING);
  });

  it('returns holds whose time is over, and their lapsed points lapse with that', async () => {
    const [member] = someMembers(1);
    await give(member!, 100n, 1);
    await give(member!, 100n, 30);
    await hold(member!, 150n, 2);
    wait(1.5 * DAY_MS);
    expect(await run(), 'held points do not lapse').to.deep.equal(NOTHING);
    expect(await stateOf(member!)).to.deep.equal({ balance: 200n, held: 150n });
    wait(DAY_MS);
    expect((await run()).holds).to.equal(1);
    expect(await stateOf(member!)).to.deep.equal({ balance: 100n, held: 0n });
    expect(await run()).to.deep.equal(NOTHING);
    wait(30 * DAY_MS);
    expect((await run()).points).to.equal(100n);
  });

  it('agrees with somebody who looks at each lot with a calendar', async () => {
    const lot = fc.record({
      points: fc.bigInt({ min: 1n, max: 1_000n }),
      days: fc.oneof(fc.integer({ min: 2, max: 9 }), fc.constant('never' as const)),
      from: fc.integer({ min: 0, max: 1 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(lot, { maxLength: 4 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
        async (wallets, waits) => {
          const members = someMembers(wallets.length);
          const naive = wallets.map((lots, at) => ({
            member: members[at]!,
            lots: lots.map((one) => ({ ...one })),
          }));
          for (const { member, lots } of naive) {
            for (const { points, days, from } of lots) await give(member, points, days, from);
          }
          let day = 0;
          for (const step of waits) {
            // Half a day off, so that nothing lapses in the very moment of looking.
            wait((day === 0 ? step + 0.5 : step) * DAY_MS);
            day += step;
            let [taken, touched] = [0n, 0];
            for (const one of naive) {
              const gone = one.lots.filter(({ days }) => days !== 'never' && days <= day);
              one.lots = one.lots.filter((kept) => !gone.includes(kept));
              taken += gone.reduce((sum, { points }) => sum + points, 0n);
              touched += gone.length > 0 ? 1 : 0;
            }
            expect(await run()).to.deep.equal({ wallets: touched, points: taken, holds: 0 });
            for (const { member, lots } of naive) {
              const balance = lots.reduce((sum, { points }) => sum + points, 0n);
              expect(await stateOf(member)).to.deep.equal({ balance, held: 0n });
            }
          }
          wait(20 * DAY_MS);
          await run();
        },
      ),
      { numRuns: 25 },
    );
  });

  it('leaves a sound ledger', async () => {
    const { accounts, transfers, ...mismatches } = await auditLedger(db.pool);
    expect(Number(accounts) * Number(transfers)).to.be.greaterThan(0);
    expect(mismatches).to.deep.equal({
      sum: 0n,
      balanceMismatches: 0n,
      lotMismatches: 0n,
      holdMismatches: 0n,
    });
  });
});
