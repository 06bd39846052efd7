import { expect } from 'chai';
import fc from 'fast-check';
import { cancelAwards, previewCancellation } from '../../src/cancellations/cancel-awards.ts';
import type { AwardSelection } from '../../src/cancellations/award-store.ts';
import { builtinRules } from '../../src/earning/builtin-rules.ts';
import { openParameters } from '../../src/earning/parameters.ts';
import { createRecordEvents } from '../../src/earning/record-events.ts';
import { createRecordMemberEvents } from '../../src/earning/record-member-events.ts';
import { closeWallet } from '../../src/ledger/decide/close.ts';
import { reverse } from '../../src/ledger/decide/reverse.ts';
import { spend } from '../../src/ledger/decide/spend.ts';
import { auditLedger, findTransfer, findWallet } from '../../src/ledger/store.ts';
import { programmeConfig } from '../../src/runtime/config/programme.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { newTraceId } from '../../src/runtime/ids.ts';
import { instant } from '../../src/values/instant.ts';
import type { Msisdn } from '../../src/values/msisdn.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { openTestLedger, openWallets, quietLog, wallet, type TestLedger } from '../support/ledger.ts';

type Record = ReturnType<typeof createRecordEvents>;
const HOUR = 3_600_000;
const PROGRAMME = programmeConfig.parse({
  earning: [
    { rule: 1, event: 'purchase', currency: 'RUB', minorPerPoint: 100 },
    { rule: 2, event: 'payment', currency: 'RUB', minorPerPoint: 100 },
  ],
});

/** Issue 3, point 5: awards taken back in bulk, with a dry run; claw-back and debt of bonus-core §3.4.5. */
describe('awards taken back in bulk', () => {
  let db: TestDatabase;
  let ledger: TestLedger;
  let record: Record;
  let serial = 0;
  let next = 500;
  const clock = systemClock();

  before(async () => {
    db = await createTestDatabase();
    ledger = await openTestLedger(db);
    record = createRecordEvents({
      record: await createRecordMemberEvents({
        ledger,
        rules: { current: () => builtinRules(PROGRAMME.earning) },
        parameters: await openParameters(db.pool),
        clock,
        log: quietLog,
        programme: () => PROGRAMME,
        config: () => ({ backdateDaysMax: 62 }),
      }),
      resolve: (msisdn) =>
        Promise.resolve({ id: BigInt(Number(msisdn.slice(-7))), registeredAt: instant(0) } as never),
    });
  });
  beforeEach(() => db.pool.query('truncate award'));
  after(async () => {
    await ledger.close(5_000);
    await db.drop();
  });

  const enrol = async (count: number): Promise<number[]> => {
    const members = Array.from({ length: count }, () => next++);
    await openWallets(db.pool, members);
    return members;
  };
  const earns = async (member: number, points: number, type: 'purchase' | 'payment' = 'purchase') => {
    const [result] = await record({ name: 'shop', scopes: [], trace: newTraceId() }, [
      {
        ...{ id: `e-${String(++serial)}`, type, msisdn: `7916${String(member).padStart(7, '0')}` as Msisdn },
        ...{ amount: { minor: BigInt(points) * 100n, currency: 'RUB' }, occurredAt: clock.now() },
      },
    ]);
    expect(result).to.include({ kind: 'recorded', points: BigInt(points) });
  };
  const spends = (member: number, points: bigint) =>
    ledger.run(spend({ from: wallet(member), points, to: 'redeemed', kind: 'spend' }));
  const selection = (change: Partial<AwardSelection> = {}): AwardSelection => ({
    ...{ source: 'rule', reference: 'rate_1', from: clock.now() - HOUR, to: clock.now() + HOUR },
    ...change,
  });
  const cancel = (of = selection()) =>
    cancelAwards(
      { pool: db.pool, ledger },
      { selection: of, reason: 'wrong factor', actor: 'staff', trace: newTraceId() },
    );
  const state = async (member: number) => {
    const { balance, debt } = (await findWallet(db.pool, wallet(member)))!;
    return { balance, debt };
  };

  it('says what it would take, and changes nothing until it is told to', async () => {
    const [anna, boris] = await enrol(2);
    await earns(anna!, 100);
    await earns(anna!, 5, 'payment');
    await earns(boris!, 30);
    expect(await previewCancellation(db.pool, selection())).to.deep.equal({
      ...{ awards: 2n, members: 2n, points: 130n },
    });
    expect(await state(anna!)).to.deep.equal({ balance: 105n, debt: 0n });
    expect(await cancel()).to.deep.equal({ awards: 2, points: 130n, debt: 0n, more: false });
    expect(await state(anna!), 'what another rule gave stays').to.deep.equal({ balance: 5n, debt: 0n });
    expect(await cancel(), 'again').to.deep.equal({ awards: 0, points: 0n, debt: 0n, more: false });
    expect(await previewCancellation(db.pool, selection())).to.include({ awards: 0n });
  });

  it('takes only what the rule gave within the time', async () => {
    const [anna] = await enrol(1);
    await earns(anna!, 100);
    const past = selection({ to: clock.now() - HOUR / 2 });
    expect(await cancel(past)).to.include({ awards: 0 });
    expect(await cancel(selection({ source: 'assessment' }))).to.include({ awards: 0 });
    expect(await state(anna!)).to.include({ balance: 100n });
  });

  it('leaves alone what was undone already, and what a closed wallet held', async () => {
    const [anna, boris] = await enrol(2);
    await earns(anna!, 100);
    await earns(boris!, 100);
    const [row] = await db.pool.query<{ home: number; id: bigint }>(
      'select home, id from transfer where dst = $1 and amount = 100',
      [wallet(anna!).id],
    );
    const original = (await findTransfer(db.pool, row!.home, Number(row!.id)))!;
    await ledger.run(reverse({ original, points: 60n, reason: 'returned', lapsed: 'forfeit' }));
    await ledger.run(closeWallet(wallet(boris!), 'left'));
    expect(await cancel()).to.deep.include({ awards: 1, points: 40n });
    expect(await state(anna!)).to.deep.equal({ balance: 0n, debt: 0n });
    expect(await state(boris!)).to.deep.equal({ balance: 0n, debt: 0n });
  });

  it('takes each award once, whatever was spent, however often and by how many it is told to', async () => {
    const story = fc.record({
      earned: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 4 }),
      other: fc.integer({ min: 0, max: 30 }),
      spent: fc.integer({ min: 0, max: 100 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(story, { minLength: 1, maxLength: 5 }), async (stories) => {
        await db.pool.query('truncate award');
        const members = await enrol(stories.length);
        const expected: { balance: bigint; debt: bigint }[] = [];
        let points = 0n;
        for (const [index, { earned, other, spent }] of stories.entries()) {
          const member = members[index]!;
          for (const each of earned) await earns(member, each);
          if (other > 0) await earns(member, other, 'payment');
          const given = BigInt(earned.reduce((sum, each) => sum + each, 0));
          const all = given + BigInt(other);
          const used = (all * BigInt(spent)) / 100n;
          if (used > 0n) await spends(member, used);
          const left = all - used;
          points += given;
          expected.push({
            balance: left > given ? left - given : 0n,
            debt: given > left ? given - left : 0n,
          });
        }
        const all = await Promise.all([cancel(), cancel(), cancel()]);
        expect(all.reduce((sum, one) => sum + one.points, 0n)).to.equal(points);
        for (const [index, member] of members.entries()) {
          expect(await state(member)).to.deep.equal(expected[index]);
        }
      }),
      { numRuns: 15 },
    );
    expect(await auditLedger(db.pool)).to.deep.include({ sum: 0n, balanceMismatches: 0n, lotMismatches: 0n });
  });
});
