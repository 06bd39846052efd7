import { expect } from 'chai';
import fc from 'fast-check';
import { buy } from '../../src/buying/buy.ts';
import { buyingSaga } from '../../src/buying/buying-saga.ts';
import { priceOfPoints, refundOfPoints } from '../../src/buying/price.ts';
import { closeWallet } from '../../src/ledger/decide/close.ts';
import { earn } from '../../src/ledger/decide/earn.ts';
import { keyOf } from '../../src/ledger/keys.ts';
import { EARNED } from '../../src/ledger/lot-classes.ts';
import { NEVER } from '../../src/ledger/lots.ts';
import type { Notice } from '../../src/ledger/operation.ts';
import { REDEMPTION_STATE, type Verdict } from '../../src/ledger/records.ts';
import { auditLedger, findTransfer, findWallet } from '../../src/ledger/store.ts';
import { giveBack } from '../../src/redemptions/give-back.ts';
import { provisioningSaga } from '../../src/redemptions/provisioning.ts';
import { redeem } from '../../src/redemptions/redeem.ts';
import { findRedemption, listRedemptions } from '../../src/redemptions/store.ts';
import { switchOffSaga } from '../../src/redemptions/switch-off.ts';
import { runDueSagas } from '../../src/sagas/runner.ts';
import type { SagaType } from '../../src/sagas/saga.ts';
import { DAY_MS, HOUR_MS } from '../../src/values/instant.ts';
import { BillingDouble } from '../support/billing.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { openTestLedger, openWallets, quietLog, wallet, type TestLedger } from '../support/ledger.ts';
import { pricedItem } from '../support/price-list.ts';

const ITEM = pricedItem({
  code: 'data',
  name: { en: 'Data', ru: 'Интернет' },
  points: 150n,
  provision: 'data_1gb',
  cancelDays: 2,
  benefit: {
    scope: 'usage',
    service: 'voice.national',
    effect: 'factor_ppm',
    value: 800_000n,
    days: 30,
    stackGroup: 'calls',
    priority: 1,
  },
});

describe('orders', () => {
  let db: TestDatabase;
  let ledger: TestLedger;
  let billing: BillingDouble;
  let types: SagaType[];
  let told: string[];
  let subscriber = 100;
  let shift = 0;

  before(async () => {
    db = await createTestDatabase();
    ledger = await openTestLedger(db);
  });

  beforeEach(async () => {
    billing = new BillingDouble();
    told = [];
    subscriber += 1;
    await openWallets(db.pool, [subscriber]);
    await give(1_000n);
    const bought = await ledger.classes.intern({ ...EARNED, source: 'bought', fungible: false });
    const findMsisdn = () => Promise.resolve('79160000001');
    const notice = (body: string): Promise<Notice | undefined> => {
      const to = { smsc: null, source: '1010', destination: '79160000001', receipt: true };
      told.push(body);
      return Promise.resolve({ subscriber, priority: 1, body, ...to });
    };
    types = [
      provisioningSaga({
        switchService: billing.switchService,
        findMsisdn,
        findItem: () => Promise.resolve(ITEM),
        findRedemption: async (saga) => (await findRedemption(db.pool, keyOf(saga.account), saga.subject!))!,
        tell: (_, { fulfilled }) => notice(fulfilled ? 'ready' : 'failed'),
      }),
      switchOffSaga({ switchService: billing.switchService, findMsisdn }),
      buyingSaga({
        moveMoney: billing.moveMoney,
        findMsisdn,
        classId: bought.id,
        expiresAt: () => () => NEVER,
        tell: (_, end) => notice(end.bought ? 'bought' : 'declined'),
      }),
    ];
  });

  after(async () => {
    const audit = await auditLedger(db.pool);
    await ledger.close(1_000);
    await db.drop();
    expect({ ...audit, accounts: 0n, transfers: 0n }).to.deep.equal({
      accounts: 0n,
      transfers: 0n,
      sum: 0n,
      balanceMismatches: 0n,
      lotMismatches: 0n,
      holdMismatches: 0n,
    });
  });

  const give = (points: bigint): Promise<Verdict> =>
    ledger.run(
      earn({
        to: wallet(subscriber),
        points,
        classId: ledger.earned,
        expiresAt: () => NEVER,
        from: 'issue',
        kind: 'earn',
        debtSharePpm: 0n,
      }),
    );
  const advance = (ms: number): void => {
    shift += ms;
    ledger.advance(ms);
  };
  const runDue = (pool = db.pool) =>
    runDueSagas({ ledger, pool, log: quietLog, now: () => Date.now() + shift }, types);
  const order = (item = ITEM) =>
    ledger.run(
      redeem({ wallet: wallet(subscriber), item, priceList: 1, voucher: null, stockParts: [], zone: 'UTC' }),
    );
  const balance = async () => {
    const found = (await findWallet(db.pool, wallet(subscriber)))!;
    const free = found.lots.reduce((sum, lot) => sum + lot.points, 0n);
    return { free, held: found.held };
  };
  const newest = async () => (await listRedemptions(db.pool, wallet(subscriber), 1))[0]!;
  const count = async (table: 'benefit' | 'saga', where: string): Promise<number> => {
    const rows = await db.pool.query<{ n: number }>(
      `select count(*)::int as n from ${table} where account = $1 and ${where}`,
      [wallet(subscriber).id],
    );
    return rows[0]!.n;
  };
  const refusal = (verdict: Verdict): string => (verdict.kind === 'refused' ? verdict.code : 'done');
  const returnNewest = async (): Promise<Verdict> => {
    const redemption = await newest();
    const original = (await findTransfer(db.pool, redemption.home, redemption.transfer!))!;
    return ledger.run(
      giveBack({ wallet: wallet(subscriber), redemption, original, service: ITEM.provision }),
    );
  };

  it('hold the points until billing has switched the service on', async () => {
    await order();
    expect(await balance()).to.deep.equal({ free: 850n, held: 150n });
    expect((await newest()).state).to.equal(REDEMPTION_STATE.held);
    expect(await runDue()).to.equal(1);
    expect(await balance()).to.deep.equal({ free: 850n, held: 0n });
    expect((await newest()).state).to.equal(REDEMPTION_STATE.fulfilled);
    expect(await count('benefit', 'state = 0')).to.equal(1);
    expect([...billing.services]).to.deep.equal(['data_1gb']);
    expect(told).to.deep.equal(['ready']);
  });

  it('give everything back when billing refuses', async () => {
    billing.mishaps.push('refused');
    await order();
    await runDue();
    expect(await balance()).to.deep.equal({ free: 1_000n, held: 0n });
    expect((await newest()).state).to.equal(REDEMPTION_STATE.compensated);
    expect(await count('benefit', 'true')).to.equal(0);
    expect(told).to.deep.equal(['failed']);
  });

  it('ask again, and never guess, while billing does not answer', async () => {
    billing.mishaps.push('down', 'lost', 'down');
    await order();
    for (let round = 0; round < 4; round++) {
      await runDue();
      advance(HOUR_MS + 1);
    }
    expect(billing.calls).to.equal(4);
    expect(await balance()).to.deep.equal({ free: 850n, held: 0n });
    expect(await count('saga', 'due_at is not null')).to.equal(0);
  });

  it('are finished once, however many runners there are', async () => {
    await order();
    // Each has seen that the step is due before any of them claims it.
    let listing = 3;
    const seen: (() => void)[] = [];
    const together = async (): Promise<void> => {
      listing -= 1;
      if (listing === 0) for (const go of seen) go();
      else await new Promise<void>((resolve) => seen.push(resolve));
    };
    const query = async (...asked: Parameters<typeof db.pool.query>) => {
      const rows = await db.pool.query(...asked);
      await together();
      return rows;
    };
    const pool = { ...db.pool, query } as typeof db.pool;
    await Promise.all([runDue(pool), runDue(pool), runDue(pool)]);
    expect(billing.calls).to.equal(1);
    expect(await balance()).to.deep.equal({ free: 850n, held: 0n });
  });

  it('go back inside their window: points, benefit and service, once', async () => {
    await order();
    await runDue();
    const [first, second] = await Promise.all([returnNewest(), returnNewest()]);
    expect([refusal(first), refusal(second)].sort()).to.deep.equal(['done', 'order_not_cancellable']);
    await runDue();
    expect(await balance()).to.deep.equal({ free: 1_000n, held: 0n });
    expect(await count('benefit', 'state = 3')).to.equal(1);
    expect([...billing.services]).to.deep.equal([]);
  });

  it('do not go back after their window', async () => {
    await order();
    await runDue();
    advance(2 * DAY_MS);
    expect(refusal(await returnNewest())).to.equal('order_not_cancellable');
    expect(await balance()).to.deep.equal({ free: 850n, held: 0n });
  });

  it('do not go back when some of the units were used', async () => {
    const minutes = pricedItem({
      code: 'minutes',
      name: { en: 'Minutes', ru: 'Минуты' },
      points: 10n,
      cancelDays: 1,
      benefit: {
        scope: 'usage',
        service: 'voice.national',
        effect: 'units',
        value: 6_000n,
        uses: 6_000n,
        stackGroup: 'default',
        priority: 1,
      },
    });
    await order(minutes);
    await db.pool.query('update benefit set uses_left = 5999 where account = $1', [wallet(subscriber).id]);
    expect(refusal(await returnNewest())).to.equal('order_not_cancellable');
  });

  it('respect how often one member may have an item', async () => {
    const once = { ...ITEM, perMember: { id: 7, count: 1, window: 'ever' } as const };
    expect(refusal(await order(once))).to.equal('done');
    expect(refusal(await order(once))).to.equal('limit_exceeded');
    await runDue();
  });

  describe('of points for money', () => {
    const PRICE = { points: 3n, minor: 100n, currency: 'RUB' };
    const orderPoints = (points: bigint, perMonth = 10_000n) =>
      ledger.run(
        buy({
          wallet: wallet(subscriber),
          points,
          minor: priceOfPoints(PRICE, points),
          currency: 'RUB',
          perMonth,
          zone: 'UTC',
        }),
      );

    it('cost what the examples say (bonus-core 3.4.8)', () => {
      expect(priceOfPoints({ points: 100n, minor: 2_500n, currency: 'RUB' }, 150n)).to.equal(3_750n);
      expect(priceOfPoints(PRICE, 100n)).to.equal(3_334n);
      expect(refundOfPoints(3_334n, 100n, 40n)).to.equal(1_333n);
    });

    it('take the money, then give the points', async () => {
      await orderPoints(100n);
      expect(await balance()).to.deep.equal({ free: 1_000n, held: 0n });
      await runDue();
      expect(billing.money).to.equal(10_000n - 3_334n);
      expect(await balance()).to.deep.equal({ free: 1_100n, held: 0n });
      expect(told).to.deep.equal(['bought']);
    });

    it('give nothing where there is no money', async () => {
      billing.money = 3_333n;
      await orderPoints(100n);
      await runDue();
      expect(billing.money).to.equal(3_333n);
      expect(await balance()).to.deep.equal({ free: 1_000n, held: 0n });
      expect(told).to.deep.equal(['declined']);
    });

    it('give the money back when the wallet has closed meanwhile', async () => {
      await orderPoints(100n);
      await ledger.run(closeWallet(wallet(subscriber), 'terminate'));
      await runDue();
      expect(billing.money).to.equal(10_000n - 3_334n);
      await runDue();
      expect(billing.money).to.equal(10_000n);
    });

    it('stay within the month', async () => {
      expect(refusal(await orderPoints(60n, 100n))).to.equal('done');
      expect(refusal(await orderPoints(60n, 100n))).to.equal('limit_exceeded');
    });

    it('end with money and points both moved or neither, whatever fails on the way (P19)', () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.constantFrom('down' as const, 'lost' as const, 'refused' as const), { maxLength: 4 }),
          fc.bigInt({ min: 1n, max: 100n }),
          async (mishaps, points) => {
            const before = await balance();
            billing.money = 10_000n;
            billing.mishaps.splice(0, Infinity, ...mishaps);
            await orderPoints(points, 1_000_000n);
            for (let round = 0; round <= mishaps.length + 1; round++) {
              await runDue();
              advance(HOUR_MS + 1);
            }
            const gained = (await balance()).free - before.free;
            const paid = 10_000n - billing.money;
            expect(
              gained === 0n ? paid === 0n : gained === points && paid === priceOfPoints(PRICE, points),
            ).to.equal(true);
            expect(await count('saga', 'due_at is not null')).to.equal(0);
          },
        ),
        { numRuns: 20, seed: 7 },
      ));
  });
});
