import { expect } from 'chai';
import { earn } from '../../src/ledger/decide/earn.ts';
import { transfer } from '../../src/ledger/decide/transfer.ts';
import { EARNED } from '../../src/ledger/lot-classes.ts';
import { NEVER } from '../../src/ledger/lots.ts';
import { findWallet } from '../../src/ledger/store.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { openTestLedger, openWallets, wallet, type TestLedger } from '../support/ledger.ts';

/** Classes are interned by whichever daemon needs one first; the others learn of it when they meet such a lot. */
describe('points of a class that another daemon has interned', () => {
  let db: TestDatabase;
  let one: TestLedger;
  let other: TestLedger;

  before(async () => {
    db = await createTestDatabase();
    await openWallets(db.pool, [1, 2, 3]);
    one = await openTestLedger(db);
    other = await openTestLedger(db, { daemonId: 2 });
  });

  after(async () => {
    await Promise.all([one.close(1_000), other.close(1_000)]);
    await db.drop();
  });

  const give = (ledger: TestLedger, to: number, classId: number) =>
    ledger.run(
      earn({
        to: wallet(to),
        points: 10n,
        classId,
        expiresAt: () => NEVER,
        from: 'issue',
        kind: 'earn',
        debtSharePpm: 0n,
      }),
    );
  const send = (ledger: TestLedger, from: number, to: number) =>
    ledger.run(
      transfer({
        ...{ from: wallet(from), to: wallet(to), points: 4n, fee: 0n, limits: [] },
        classAfter: (id) => id,
      }),
    );

  it('are moved here like any others, in a batch with other operations', async () => {
    await give(one, 2, one.earned);
    const { id } = await other.classes.intern({ ...EARNED, issuer: 7 });
    await give(other, 1, id);
    const verdicts = await Promise.all([send(one, 2, 3), send(one, 1, 3), send(one, 2, 3)]);
    expect(verdicts.map(({ kind }) => kind)).to.deep.equal(['done', 'done', 'done']);
    const { lots } = (await findWallet(db.pool, wallet(3)))!;
    expect(lots.map(({ classId, points }) => [classId, points])).to.have.deep.members([
      [id, 4n],
      [one.earned, 8n],
    ]);
  });

  it('are known by their class when it is asked for', async () => {
    const { id } = await other.classes.intern({ ...EARNED, issuer: 8 });
    expect((await one.classes.load(id)).issuer).to.equal(8);
  });
});
