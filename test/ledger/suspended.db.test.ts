import { expect } from 'chai';
import { earn } from '../../src/ledger/decide/earn.ts';
import { captureHold, placeHold, voidHold, type Placed } from '../../src/ledger/decide/hold.ts';
import { reverse } from '../../src/ledger/decide/reverse.ts';
import { spend } from '../../src/ledger/decide/spend.ts';
import { transfer } from '../../src/ledger/decide/transfer.ts';
import { NEVER } from '../../src/ledger/lots.ts';
import type { Operation } from '../../src/ledger/operation.ts';
import type { Verdict } from '../../src/ledger/records.ts';
import { auditLedger, findTransfer, findWallet, setWalletSuspended } from '../../src/ledger/store.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { openTestLedger, openWallets, wallet, type TestLedger } from '../support/ledger.ts';

const [ANNA, BORIS] = [41, 42] as const;
type Part = Pick<Operation, 'keys' | 'decide'>;

/** Bonus-core §3.3: a member earns, spends and sends while active; what began before, and corrections, go on. */
describe('a suspended wallet', () => {
  let db: TestDatabase;
  let ledger: TestLedger;
  let holds: Placed['hold'][];

  const give = (kind: 'earn' | 'adjust' | 'buy', points: bigint, to: number = ANNA): Part =>
    earn({
      ...{ to: wallet(to), points, classId: ledger.earned, expiresAt: () => NEVER, kind, debtSharePpm: 0n },
      from: kind === 'earn' ? 'issue' : kind === 'buy' ? 'sold' : 'goodwill',
    });
  const take = (kind: 'spend' | 'adjust', points: bigint): Part =>
    spend({ from: wallet(ANNA), points, to: kind === 'spend' ? 'redeemed' : 'goodwill', kind });
  const send = (from: number, to: number): Part =>
    transfer({ from: wallet(from), to: wallet(to), points: 5n, fee: 0n, classAfter: (id) => id, limits: [] });
  const hold = (): Part => placeHold({ from: wallet(ANNA), points: 10n, ttlMs: 60_000 });
  const outcome = (verdict: Verdict): string => (verdict.kind === 'done' ? 'done' : verdict.code);
  const run = async (part: Part): Promise<string> => outcome(await ledger.run(part));

  before(async () => {
    db = await createTestDatabase();
    ledger = await openTestLedger(db);
    await openWallets(db.pool, [ANNA, BORIS]);
    for (const member of [ANNA, BORIS]) await ledger.run(give('earn', 100n, member));
    holds = [];
    for (let turn = 0; turn < 2; turn++) {
      const verdict = await ledger.run(hold());
      holds.push((verdict as { data: Placed }).data.hold);
    }
    await ledger.run(take('spend', 7n));
    await db.pool.transaction((tx) => setWalletSuspended(tx, BigInt(ANNA), true));
  });
  after(async () => {
    await ledger.close(5_000);
    await db.drop();
  });

  it('neither earns nor spends, holds or sends', async () => {
    for (const part of [give('earn', 1n), take('spend', 1n), hold(), send(ANNA, BORIS)]) {
      expect(await run(part)).to.equal('subscriber_suspended');
    }
  });

  it('gets nothing from another member, who is not told why', async () => {
    expect(await run(send(BORIS, ANNA))).to.equal('recipient_unknown');
  });

  it('ends what began before: a capture, a void, a return', async () => {
    const [first, second] = holds;
    expect(await run(captureHold({ account: wallet(ANNA), serial: first!.serial, points: 4n }))).to.equal(
      'done',
    );
    expect(await run(voidHold(wallet(ANNA), second!.serial))).to.equal('done');
    const [row] = await db.pool.query<{ id: bigint }>('select id from transfer where amount = 7');
    const original = (await findTransfer(db.pool, wallet(ANNA).home, Number(row!.id)))!;
    expect(await run(reverse({ original, points: 7n, reason: 'test', lapsed: 'forfeit' }))).to.equal('done');
  });

  it('gets what was paid for, and staff corrects it both ways', async () => {
    for (const part of [give('buy', 20n), give('adjust', 9n), take('adjust', 9n)]) {
      expect(await run(part)).to.equal('done');
    }
  });

  it('goes on as before once resumed', async () => {
    await db.pool.transaction((tx) => setWalletSuspended(tx, BigInt(ANNA), false));
    for (const part of [give('earn', 1n), take('spend', 1n), send(ANNA, BORIS), send(BORIS, ANNA)]) {
      expect(await run(part)).to.equal('done');
    }
    expect((await findWallet(db.pool, wallet(ANNA)))!.balance).to.equal(100n - 4n + 20n);
    expect(await auditLedger(db.pool)).to.deep.include({ sum: 0n, balanceMismatches: 0n, lotMismatches: 0n });
  });

  it('stays closed or frozen whatever becomes of its owner', async () => {
    await db.pool.query('update account set status = 2 where id = $1', [wallet(BORIS).id]);
    for (const suspended of [true, false]) {
      await db.pool.transaction((tx) => setWalletSuspended(tx, BigInt(BORIS), suspended));
    }
    expect(await run(send(BORIS, ANNA))).to.equal('account_frozen');
  });
});
