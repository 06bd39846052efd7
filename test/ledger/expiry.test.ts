import { expect } from 'chai';
import fc from 'fast-check';
import { afterActivity } from '../../src/ledger/decide/activity.ts';
import { earn } from '../../src/ledger/decide/earn.ts';
import { extendExpiry } from '../../src/ledger/decide/extend.ts';
import { captureHold, placeHold, voidHold, type Placed } from '../../src/ledger/decide/hold.ts';
import { spend } from '../../src/ledger/decide/spend.ts';
import { transfer } from '../../src/ledger/decide/transfer.ts';
import type { Operation } from '../../src/ledger/operation.ts';
import { DAY_MS } from '../../src/values/instant.ts';
import { wallet } from '../support/ledger.ts';
import { CLASS, classAfter, DAY_ZERO, MemoryLedger } from '../support/memory-ledger.ts';

const [A, B] = [1, 2];
type Part = Pick<Operation, 'keys' | 'decide'>;

describe('expiry that moves', () => {
  let ledger: MemoryLedger;

  beforeEach(() => {
    ledger = new MemoryLedger().open(A, B);
  });

  const day = (number: number): number => DAY_ZERO + number * DAY_MS;
  const give = (points: bigint, expiresOn: number, to = A): Part =>
    earn({
      ...{ to: wallet(to), points, classId: CLASS.earned, expiresAt: () => day(expiresOn), from: 'issue' },
      ...{ kind: 'earn', debtSharePpm: 0n },
    });
  const lots = (of = A): string[] =>
    ledger.of(of).lots.map((lot) => `${String(lot.points)}@${String((lot.expires - DAY_ZERO) / DAY_MS)}`);
  const extend = (to: number): Part =>
    extendExpiry({
      ...{ wallet: wallet(A), to: day(to), reason: 'test', actor: 'test' },
      isMeant: (lot, now) => lot.expires > now,
    });

  describe('by hand', () => {
    it('lets points live longer, never shorter, and keeps what it did', () => {
      for (const part of [give(10n, 5), give(20n, 50), give(5n, 1)]) ledger.done(part);
      ledger.now = day(2);
      expect(ledger.done(extend(30))).to.deep.equal({ points: 10n });
      expect(lots()).to.deep.equal(['5@1', '10@30', '20@50']);
      expect(ledger.done(extend(30)), 'said twice').to.deep.equal({ points: 0n });
    });

    it('keeps every point, whatever the lots', () => {
      const lot = fc.record({
        points: fc.bigInt({ min: 1n, max: 50n }),
        on: fc.integer({ min: 1, max: 40 }),
      });
      fc.assert(
        fc.property(fc.array(lot, { maxLength: 12 }), fc.integer({ min: 1, max: 60 }), (given, to) => {
          const one = new MemoryLedger().open(A);
          for (const { points, on } of given) one.done(give(points, on));
          one.now = day(0) + 1;
          const before = one.of(A);
          one.done(extend(to));
          const after = one.of(A);
          expect(after.balance).to.equal(before.balance);
          expect(after.lots.reduce((sum, { points }) => sum + points, 0n)).to.equal(before.balance);
          expect(after.lots.every(({ expires }) => expires >= day(to))).to.equal(true);
        }),
      );
    });
  });

  describe('with activity', () => {
    /** The part as a ledger decides it whose programme lets points live for 30 days after activity. */
    const active = ({ keys, decide }: Part): Part => ({
      keys,
      decide: (view) => afterActivity(view, decide(view), view.now + 30 * DAY_MS),
    });

    it('renews all that can be spent when the member earns, spends or sends', () => {
      ledger.done(give(100n, 10));
      ledger.done(give(50n, 2));
      ledger.now = day(5);
      ledger.done(active(give(1n, 35)));
      expect(lots(), 'lapsed points do not live again').to.deep.equal(['50@2', '101@35']);
      ledger.now = day(7);
      ledger.done(active(spend({ from: wallet(A), points: 1n, to: 'redeemed', kind: 'spend' })));
      expect(lots()).to.deep.equal(['50@2', '100@37']);
    });

    it('renews nothing of who only gets points', () => {
      ledger.done(give(100n, 10));
      ledger.done(give(7n, 3, B));
      const move = { from: wallet(A), to: wallet(B), points: 10n, fee: 0n, classAfter, limits: [] };
      ledger.done(active(transfer(move)));
      expect(lots(A)).to.deep.equal(['90@30']);
      expect(lots(B)).to.deep.equal(['7@3', '10@10']);
    });

    it('renews points on hold too, so that a void does not take them away', () => {
      ledger.done(give(100n, 10));
      const placed = ledger.done(
        active(placeHold({ from: wallet(A), points: 40n, ttlMs: 20 * DAY_MS })),
      ) as Placed;
      ledger.now = day(15);
      ledger.done(voidHold(wallet(A), placed.hold.serial));
      expect(ledger.available(A)).to.equal(100n);
    });

    it('renews by a capture what is left', () => {
      ledger.done(give(100n, 10));
      const placed = ledger.done(placeHold({ from: wallet(A), points: 40n, ttlMs: DAY_MS })) as Placed;
      const { serial } = placed.hold;
      ledger.done(active(captureHold({ account: wallet(A), serial, points: 40n })));
      expect(lots()).to.deep.equal(['60@30']);
    });
  });
});
