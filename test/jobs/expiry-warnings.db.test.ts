import { expect } from 'chai';
import { warnOfExpiry, type WarningRules } from '../../src/jobs/expiry-warnings.ts';
import { sweep } from '../../src/jobs/sweep.ts';
import { expiryFact } from '../../src/jobs/warned-store.ts';
import { earn } from '../../src/ledger/decide/earn.ts';
import { spend } from '../../src/ledger/decide/spend.ts';
import { isSpendable } from '../../src/ledger/lots.ts';
import { findWallet } from '../../src/ledger/store.ts';
import { NOTICE_STATE } from '../../src/notify/plan.ts';
import { DAY_MS } from '../../src/values/instant.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { openTestLedger, openWallets, wallet, type TestLedger } from '../support/ledger.ts';

const RULES: WarningRules = { daysBefore: 14, required: false, graceDays: 30 };
const PROMISED: WarningRules = { ...RULES, required: true };

/** Issue 3, point 4: a warning before expiry, and none without a delivered one where the programme says so. */
describe('warnings before points lapse', () => {
  let db: TestDatabase;
  let ledger: TestLedger;
  let member = 100;
  let offset = 0;
  let lapses: number;

  const now = (): number => Date.now() + offset;
  const wait = (ms: number): void => {
    offset += ms;
    ledger.advance(ms);
  };
  const give = (points: bigint, expires = lapses) =>
    ledger.run(
      earn({
        ...{ to: wallet(member), points, classId: ledger.earned, expiresAt: () => expires },
        ...{ from: 'issue', kind: 'earn', debtSharePpm: 0n },
      }),
    );
  const warn = (rules: WarningRules) =>
    warnOfExpiry({ ledger, pool: db.pool, rules, zone: 'UTC', now: now() });
  const notices = () =>
    db.pool.query<{ fact: string; template: string; variables: string }>(
      'select fact, template, variables from notice where account = $1 order by fact',
      [wallet(member).id],
    );
  const becomes = (state: keyof typeof NOTICE_STATE, expires = lapses) =>
    db.pool.query('update notice set state = $2 where account = $1 and fact = $3', [
      ...[wallet(member).id, NOTICE_STATE[state], expiryFact(expires)],
    ]);
  const available = async (): Promise<bigint> => {
    const { lots } = (await findWallet(db.pool, wallet(member)))!;
    return lots.reduce((sum, lot) => sum + (isSpendable(lot, now()) ? lot.points : 0n), 0n);
  };

  before(async () => {
    db = await createTestDatabase();
    ledger = await openTestLedger(db);
  });
  beforeEach(async () => {
    member += 1;
    await openWallets(db.pool, [member]);
    lapses = Math.ceil(now() / DAY_MS) * DAY_MS + 20 * DAY_MS;
  });
  after(async () => {
    await ledger.close(5_000);
    await db.drop();
  });

  it('tell the points and their last day, once, and only when the time has come', async () => {
    await give(100n);
    await give(7n, lapses + DAY_MS);
    await warn(RULES);
    expect(await notices()).to.deep.equal([]);
    wait(7 * DAY_MS);
    await warn(RULES);
    await warn(RULES);
    expect(await notices()).to.deep.equal([
      {
        ...{ fact: expiryFact(lapses), template: 'expiry_warning' },
        variables: JSON.stringify({ points: '100', last_day: lapses }),
      },
    ]);
  });

  it('are not sent where the programme has none', async () => {
    await give(100n, now() + DAY_MS);
    await warn({ ...RULES, daysBefore: 0 });
    expect(await notices()).to.deep.equal([]);
  });

  it('say nothing of points that are spent already', async () => {
    await give(100n);
    await ledger.run(spend({ from: wallet(member), points: 100n, to: 'redeemed', kind: 'spend' }));
    wait(10 * DAY_MS);
    await warn(RULES);
    expect(await notices()).to.deep.equal([]);
  });

  describe('that are promised', () => {
    beforeEach(async () => {
      await give(100n);
      wait(10 * DAY_MS);
      await warn(PROMISED);
    });

    it('let points lapse on their day when they were delivered, or were not wanted', async () => {
      for (const state of ['delivered', 'excluded'] as const) {
        await becomes(state);
        wait(lapses - now() - DAY_MS / 2);
        await warn(PROMISED);
      }
      wait(DAY_MS);
      expect(await available()).to.equal(0n);
      await sweep(ledger, db.pool, now(), true);
      expect((await findWallet(db.pool, wallet(member)))!.balance).to.equal(0n);
    });

    it('let points live on when nobody was reached, tell again, and then let them lapse', async () => {
      await becomes('failed');
      wait(lapses - now() - DAY_MS / 2);
      await warn(PROMISED);
      wait(DAY_MS);
      expect(await available(), 'past the first day').to.equal(100n);
      const [lot] = (await findWallet(db.pool, wallet(member)))!.lots;
      expect(lot!.expires).to.be.above(lapses + 25 * DAY_MS);
      wait(20 * DAY_MS);
      await warn(PROMISED);
      await becomes('delivered', lot!.expires);
      wait(lot!.expires - now() + 1_000);
      await warn(PROMISED);
      await sweep(ledger, db.pool, now(), true);
      expect((await findWallet(db.pool, wallet(member)))!.balance).to.equal(0n);
    });

    it('bring points back that lapsed while no daemon ran; the sweep leaves them until then', async () => {
      await becomes('failed');
      wait(lapses - now() + 5 * DAY_MS);
      await sweep(ledger, db.pool, now(), true);
      expect((await findWallet(db.pool, wallet(member)))!.balance).to.equal(100n);
      expect(await available()).to.equal(0n);
      await warn(PROMISED);
      expect(await available()).to.equal(100n);
      const changes = await db.pool.query<{ points: bigint; reason: string; actor: string }>(
        'select points, reason, actor from expiry_change where account = $1',
        [wallet(member).id],
      );
      expect(changes).to.deep.equal([{ points: 100n, reason: 'not warned', actor: 'jobs' }]);
    });
  });
});
