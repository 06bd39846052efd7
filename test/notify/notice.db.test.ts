import { expect } from 'chai';
import { earn } from '../../src/ledger/decide/earn.ts';
import { transfer } from '../../src/ledger/decide/transfer.ts';
import { Refusal } from '../../src/errors.ts';
import { walletOf } from '../../src/ledger/keys.ts';
import { NEVER } from '../../src/ledger/lots.ts';
import type { NoticeDraft, Operation } from '../../src/ledger/operation.ts';
import { insertNotices } from '../../src/notify/notice-store.ts';
import { decodeVariables, notice } from '../../src/notify/notice.ts';
import {
  operationNotices,
  TOLD_OPERATIONS,
  type OperationRules,
} from '../../src/notify/operation-notices.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { newRequest, openTestLedger, openWallets, type TestLedger } from '../support/ledger.ts';

const ALL = Object.fromEntries(
  TOLD_OPERATIONS.map((name) => [name, { send: true, pointsMin: 1n }]),
) as unknown as OperationRules;

describe('notices of facts', () => {
  let database: TestDatabase;
  let ledger: TestLedger;
  let wakeUps = 0;
  let rules: OperationRules = ALL;

  before(async () => {
    database = await createTestDatabase();
    ledger = await openTestLedger(database, {
      factsOf: operationNotices(() => rules),
      onNotices: () => void (wakeUps += 1),
    });
    await openWallets(database.pool, [1, 2]);
  });
  beforeEach(async () => {
    rules = ALL;
    wakeUps = 0;
    await database.pool.query('delete from notice');
  });
  after(async () => {
    await ledger.close(1_000);
    await database.drop();
  });

  const earning = (subscriber: number, points: bigint): Pick<Operation, 'keys' | 'decide'> =>
    earn({
      to: walletOf(subscriber),
      points,
      classId: ledger.earned,
      expiresAt: () => NEVER,
      from: 'issue',
      kind: 'earn',
      reason: 'test',
      debtSharePpm: 0n,
    });

  const telling = (part: Pick<Operation, 'keys' | 'decide'>, ...notices: NoticeDraft[]) => ({
    ...part,
    decide: (view: Parameters<Operation['decide']>[0]) => ({ ...part.decide(view), facts: notices }),
  });

  const stored = async () => {
    const rows = await database.pool.query<{ account: bigint; template: string; variables: string }>(
      'select account, template, variables from notice order by account, template',
    );
    return rows.map((row) => [
      Number(row.account) / 16,
      row.template,
      decodeVariables(row.template, row.variables),
    ]);
  };

  it('tells both sides of a transfer in its own commit', async () => {
    await ledger.run(earning(1, 500n));
    await database.pool.query('delete from notice');
    await ledger.run(
      transfer({
        from: walletOf(1),
        to: walletOf(2),
        points: 100n,
        fee: 0n,
        classAfter: (id) => id,
        limits: [],
      }),
    );
    expect(await stored()).to.deep.equal([
      [1, 'transferred_out', { points: 100n, available: 400n }],
      [2, 'transferred_in', { points: 100n, available: 100n }],
    ]);
    expect(wakeUps).to.equal(2);
  });

  it('tells nothing of a refused or repeated operation', async () => {
    const request = newRequest();
    await ledger.run(earning(2, 7n), request);
    await ledger.run(earning(2, 7n), request);
    const refused = await ledger.run({
      keys: { accounts: [walletOf(2)] },
      decide: () => {
        throw new Refusal('account_frozen');
      },
    });
    expect(refused.kind).to.equal('refused');
    expect((await stored()).length).to.equal(1);
  });

  it("tells the decision's own words instead of the general ones, to that wallet only", async () => {
    const own = notice({
      subscriber: 1,
      fact: 'visit 1',
      template: 'tier_changed',
      variables: { tier: 'gold' },
    });
    await ledger.run(telling(earning(1, 5n), own));
    expect(await stored()).to.deep.equal([[1, 'tier_changed', { tier: 'gold' }]]);
  });

  it('tells a fact once, in one batch, in two and beside the ledger', async () => {
    const own = notice({
      subscriber: 1,
      fact: 'visit 2',
      template: 'tier_changed',
      variables: { tier: 'gold' },
    });
    await Promise.all([ledger.run(telling(earning(1, 5n), own)), ledger.run(telling(earning(1, 6n), own))]);
    const later = await ledger.run(telling(earning(1, 7n), own));
    expect(later.kind, 'the points stand although the fact is told already').to.equal('done');
    expect(await insertNotices(database.pool, [own], Buffer.alloc(16), Date.UTC(2026, 0))).to.equal(0);
    expect((await stored()).length).to.equal(1);
  });

  it('keeps quiet below the threshold, and to who gets a reply', async () => {
    rules = { ...ALL, earn: { send: true, pointsMin: 10n } };
    await ledger.run(earning(1, 9n));
    const reply = () => ({
      subscriber: 1,
      priority: 0,
      smsc: null,
      source: '2500',
      destination: '79160000001',
      body: 'done',
      receipt: false,
      dueAt: 0,
    });
    await ledger.run(earning(1, 50n), { reply });
    expect(await stored()).to.deep.equal([]);
    await ledger.run(earning(1, 10n));
    expect((await stored()).length).to.equal(1);
  });
});
