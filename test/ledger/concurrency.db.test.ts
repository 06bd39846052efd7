import { expect } from 'chai';
import fc from 'fast-check';
import { earn } from '../../src/ledger/decide/earn.ts';
import { captureHold, expireHold, placeHold, voidHold, type Placed } from '../../src/ledger/decide/hold.ts';
import { spend } from '../../src/ledger/decide/spend.ts';
import { transfer, type TransferLimit } from '../../src/ledger/decide/transfer.ts';
import { NEVER } from '../../src/ledger/lots.ts';
import type { Operation } from '../../src/ledger/operation.ts';
import type { Verdict } from '../../src/ledger/records.ts';
import { auditLedger, findWallet } from '../../src/ledger/store.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { newRequest, openTestLedger, openWallets, wallet, type TestLedger } from '../support/ledger.ts';

type Part = Pick<Operation, 'keys' | 'decide'>;

/** Invariants of bonus-core §3.11 that speak of several at a time: two daemons' ledgers on one database. */
describe('the invariants under concurrency', function () {
  this.timeout(60_000);
  let db: TestDatabase;
  let ledgers: TestLedger[];
  let next = 1_000;

  before(async () => {
    db = await createTestDatabase();
    ledgers = [await openTestLedger(db), await openTestLedger(db, { daemonId: 2 })];
  });
  after(async () => {
    for (const ledger of ledgers) await ledger.close(5_000);
    await db.drop();
  });

  const members = async (count: number, points: bigint): Promise<number[]> => {
    const made = Array.from({ length: count }, () => next++);
    await openWallets(db.pool, made);
    for (const member of made) await ledgers[0]!.run(give(member, points));
    return made;
  };
  const give = (member: number, points: bigint): Part =>
    earn({
      ...{ to: wallet(member), points, classId: ledgers[0]!.earned, expiresAt: () => NEVER },
      ...{ from: 'issue', kind: 'earn', debtSharePpm: 0n },
    });
  const send = (from: number, to: number, points: bigint, limits: TransferLimit[] = []): Part =>
    transfer({ from: wallet(from), to: wallet(to), points, fee: 0n, classAfter: (id) => id, limits });
  /** Half of them by each daemon, all at once. */
  const atOnce = (parts: readonly Part[]): Promise<Verdict[]> =>
    Promise.all(parts.map((part, index) => ledgers[index % ledgers.length]!.run(part)));
  const sound = async () => {
    const { sum, balanceMismatches, lotMismatches, holdMismatches } = await auditLedger(db.pool);
    expect([sum, balanceMismatches, lotMismatches, holdMismatches]).to.deep.equal([0n, 0n, 0n, 0n]);
  };

  it('P10: a hold ends exactly once, whoever ends it first', async () => {
    const ends = fc.array(fc.constantFrom('capture', 'void', 'expire'), { minLength: 2, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(ends, async (kinds) => {
        const [member] = await members(1, 100n);
        const account = wallet(member!);
        const placed = await ledgers[0]!.run(placeHold({ from: account, points: 40n, ttlMs: 1 }));
        const { serial } = (placed as { data: Placed }).data.hold;
        const verdicts = await atOnce(
          kinds.map((kind) => {
            if (kind === 'capture') return captureHold({ account, serial, points: 40n });
            return kind === 'void' ? voidHold(account, serial) : expireHold(account, serial);
          }),
        );
        const done = verdicts.filter(({ kind }) => kind === 'done').length;
        // A hold of a millisecond is over: a capture comes too late, which ends nothing.
        const canEnd = kinds.some((kind) => kind !== 'capture');
        expect(done).to.equal(canEnd ? 1 : 0);
        const view = (await findWallet(db.pool, account))!;
        expect([view.balance, view.held]).to.deep.equal([100n, canEnd ? 0n : 40n]);
      }),
      { numRuns: 15 },
    );
    await sound();
  });

  it('P18: commands at the same time end as if they had come one after another', async () => {
    const command = fc.record({
      kind: fc.constantFrom('earn', 'spend', 'send'),
      from: fc.nat({ max: 2 }),
      to: fc.nat({ max: 2 }),
      points: fc.bigInt({ min: 1n, max: 60n }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 30 }), async (commands) => {
        const people = await members(3, 100n);
        const parts = commands.map(({ kind, from, to, points }): Part => {
          if (kind === 'earn') return give(people[from]!, points);
          if (kind === 'spend' || from === to)
            return spend({ from: wallet(people[from]!), points, to: 'redeemed', kind: 'spend' });
          return send(people[from]!, people[to]!, points);
        });
        const verdicts = await atOnce(parts);
        for (const [index, member] of people.entries()) {
          const lines = await db.pool.query<{ delta: bigint; after: bigint }>(
            `select delta, balance_after as after from posting where home = $1 and account = $2 order by transfer`,
            [wallet(member).home, wallet(member).id],
          );
          const balances = serialBalances(lines);
          for (const [at, verdict] of verdicts.entries()) {
            if (verdict.kind !== 'refused' || commands[at]!.from !== index) continue;
            const { available } = verdict.detail as { available: bigint };
            expect(balances, 'refused by what was there at some moment').to.include(available);
            expect(available < commands[at]!.points).to.equal(true);
          }
        }
      }),
      { numRuns: 12 },
    );
    await sound();
  });

  it('P31: what is sent within a window stays below its limit', async () => {
    const limits: TransferLimit[] = [
      { name: 'day', side: 'sender', policy: 1, windowStart: () => 1, countMax: 5, amountMax: 70n },
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.bigInt({ min: 1n, max: 40n }), { minLength: 4, maxLength: 20 }),
        async (amounts) => {
          const [from, to] = await members(2, 1_000n);
          const verdicts = await atOnce(amounts.map((points) => send(from!, to!, points, limits)));
          const sent = amounts.filter((_, index) => verdicts[index]!.kind === 'done');
          const total = sent.reduce((sum, points) => sum + points, 0n);
          expect(sent.length).to.be.at.most(5);
          expect(total <= 70n, String(total)).to.equal(true);
          const refused = amounts.filter((_, index) => verdicts[index]!.kind === 'refused');
          const smallest = refused.reduce((least, points) => (points < least ? points : least), 1_000n);
          expect(sent.length === 5 || total + smallest > 70n, 'nothing was refused that fitted').to.equal(
            true,
          );
          expect((await findWallet(db.pool, wallet(to!)))!.balance).to.equal(1_000n + total);
        },
      ),
      { numRuns: 12 },
    );
    await sound();
  });

  it('P4: one request by many at once is carried out once', async () => {
    const [member] = await members(1, 100n);
    const request = newRequest();
    const part = spend({ from: wallet(member!), points: 30n, to: 'redeemed', kind: 'spend' });
    const posted = await Promise.all(
      Array.from({ length: 20 }, (_, index) => ledgers[index % 2]!.post({ ...part, request })),
    );
    const first = posted.filter((one) => one.kind === 'posted' && !one.replayed);
    expect(first).to.have.length(1);
    expect((await findWallet(db.pool, wallet(member!)))!.balance).to.equal(70n);
  });
});

/**
 * The balances that the wallet went through: the lines are a chain, each beginning where another one ended, with every
 * line used once (a walk through a graph whose nodes are balances, which is unique but for equal detours).
 */
function serialBalances(lines: readonly { readonly delta: bigint; readonly after: bigint }[]): bigint[] {
  const degree = new Map<bigint, number>();
  const add = (balance: bigint, by: number): void =>
    void degree.set(balance, (degree.get(balance) ?? 0) + by);
  for (const { delta, after } of lines) {
    add(after - delta, 1);
    add(after, -1);
    expect(after >= 0n).to.equal(true, 'never negative');
  }
  const odd = [...degree.values()].filter((value) => value !== 0).sort();
  expect(odd.length === 0 || (odd.length === 2 && odd[0] === -1 && odd[1] === 1)).to.equal(true, 'one chain');
  return [0n, ...lines.map(({ after }) => after)];
}
