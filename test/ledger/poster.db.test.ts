import { expect } from 'chai';
import { captureHold, placeHold, voidHold, type Placed } from '../../src/ledger/decide/hold.ts';
import { earn } from '../../src/ledger/decide/earn.ts';
import { expire } from '../../src/ledger/decide/expire.ts';
import { spend } from '../../src/ledger/decide/spend.ts';
import { transfer } from '../../src/ledger/decide/transfer.ts';
import { NEVER } from '../../src/ledger/lots.ts';
import type { Operation } from '../../src/ledger/operation.ts';
import { auditLedger, findWallet } from '../../src/ledger/store.ts';
import { DAY_MS } from '../../src/values/instant.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { newRequest, openTestLedger, openWallets, wallet, type TestLedger } from '../support/ledger.ts';

describe('the poster', () => {
  let db: TestDatabase;
  let ledger: TestLedger;

  before(async () => {
    db = await createTestDatabase();
    ledger = await openTestLedger(db);
    await openWallets(db.pool, [1, 2, 3, 4, 5, 6, 7, 8]);
  });

  after(async () => {
    await ledger.close(1000);
    await db.drop();
  });

  const give = (subscriber: number, points: bigint, days?: number) =>
    earn({
      to: wallet(subscriber),
      points,
      classId: ledger.earned,
      expiresAt: (now) => (days === undefined ? NEVER : now + days * DAY_MS),
      from: 'issue',
      kind: 'earn',
      debtSharePpm: 1_000_000n,
    });
  const pay = (subscriber: number, points: bigint) =>
    spend({ from: wallet(subscriber), points, to: 'redeemed', kind: 'spend' });
  const send = (from: number, to: number, points: bigint): Pick<Operation, 'keys' | 'decide'> =>
    transfer({ from: wallet(from), to: wallet(to), points, fee: 0n, classAfter: (id) => id, limits: [] });
  const balanceOf = async (subscriber: number) => (await findWallet(db.pool, wallet(subscriber)))!.balance;

  it('posts an earning and a spending, and the ledger sums to zero', async () => {
    expect((await ledger.run(give(1, 100n))).kind).to.equal('done');
    expect((await ledger.run(pay(1, 30n))).kind).to.equal('done');
    expect(await balanceOf(1)).to.equal(70n);
  });

  it('answers a repeated request from the store, and refuses other content under the same key', async () => {
    const request = newRequest();
    const first = await ledger.post({ ...give(2, 50n), request });
    const again = await ledger.post({ ...give(2, 50n), request });
    expect(again).to.deep.include({ kind: 'posted', replayed: true });
    expect(again).to.deep.include({ verdict: first.kind === 'posted' ? first.verdict : undefined });
    const other = { ...request, contentHash: Buffer.alloc(16, 7) };
    expect(await ledger.run(give(2, 60n), other)).to.deep.include({
      kind: 'refused',
      code: 'idempotency_mismatch',
    });
    expect(await balanceOf(2)).to.equal(50n);
  });

  it('keeps a refusal under its key even when the points arrive later', async () => {
    const request = newRequest();
    expect(await ledger.run(pay(3, 10n), request)).to.deep.include({
      kind: 'refused',
      code: 'points_insufficient',
    });
    await ledger.run(give(3, 100n));
    expect(await ledger.run(pay(3, 10n), request)).to.deep.include({
      kind: 'refused',
      code: 'points_insufficient',
    });
    expect(await balanceOf(3)).to.equal(100n);
  });

  it('posts a hundred crossing transfers without a deadlock and without losing a point', async () => {
    await ledger.run(give(4, 1000n));
    await ledger.run(give(5, 1000n));
    const moves = Array.from({ length: 100 }, (_, index) =>
      index % 2 === 0 ? send(4, 5, 3n) : send(5, 4, 3n),
    );
    const verdicts = await Promise.all(moves.map((move) => ledger.run(move)));
    expect(verdicts.every((verdict) => verdict.kind === 'done')).to.equal(true);
    expect([await balanceOf(4), await balanceOf(5)]).to.deep.equal([1000n, 1000n]);
  });

  it('lets a broken operation fail alone', async () => {
    const broken: Pick<Operation, 'keys' | 'decide'> = {
      keys: { accounts: [wallet(8)] },
      decide: (view) => ({ data: null, accounts: [{ ...view.account(wallet(8).id), balance: 5n }] }),
    };
    const results = await Promise.allSettled([
      ledger.run(give(6, 10n)),
      ledger.run(broken),
      ledger.run(give(6, 10n)),
    ]);
    expect(results.map((result) => result.status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled']);
    expect(await balanceOf(6)).to.equal(20n);
    await ledger.run(give(8, 1n)).then(
      () => expect.fail('posting goes on for a broken account'),
      (error: unknown) => expect(String(error)).to.contain('stopped'),
    );
  });

  it('protects held points from expiry and ends a hold once', async () => {
    await ledger.run(give(7, 100n, 31));
    await ledger.run(give(7, 100n, 100));
    const placed = await ledger.run(placeHold({ from: wallet(7), points: 150n, ttlMs: 33 * DAY_MS }));
    const { hold } = (placed as { data: Placed }).data;
    ledger.advance(32 * DAY_MS);
    expect(await ledger.run(expire(wallet(7)))).to.deep.include({ data: { points: 0n, available: 50n } });
    const captured = await ledger.run(captureHold({ account: wallet(7), serial: hold.serial, points: 120n }));
    // 100 of the lapsed lot and 20 of the other were captured; the remaining 30 return to the living lot
    expect(captured).to.have.nested.property('data.released', 30n);
    expect(await balanceOf(7)).to.equal(80n);
    expect(await ledger.run(voidHold(wallet(7), hold.serial))).to.deep.include({
      kind: 'refused',
      code: 'hold_not_active',
    });
  });

  it('leaves a sound ledger', async () => {
    const audit = await auditLedger(db.pool);
    expect(audit).to.deep.include({ sum: 0n, balanceMismatches: 0n, lotMismatches: 0n, holdMismatches: 0n });
    expect(audit.transfers > 100n).to.equal(true);
  });
});
