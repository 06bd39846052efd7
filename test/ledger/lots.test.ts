import { expect } from 'chai';
import fc from 'fast-check';
import {
  isSpendable,
  LOTS_MAX,
  NEVER,
  packLots,
  put,
  putAll,
  take,
  totalOf,
  unpackLots,
  type Lot,
} from '../../src/ledger/lots.ts';

const NOW = 1_000_000;
const rank = (classId: number): number => classId % 3;

const anyLot: fc.Arbitrary<Lot> = fc.record({
  classId: fc.integer({ min: 1, max: 4 }),
  activeFrom: fc.constantFrom(0, 0, 0, NOW + 5),
  expires: fc.oneof(fc.integer({ min: NOW - 100, max: NOW + 300 }), fc.constant(NEVER)),
  points: fc.bigInt({ min: 1n, max: 9_000_000_000_000_000n }),
  origin: fc.constantFrom(0, 0, 0, 0, 7, 8),
});
const manyLots = fc.array(anyLot, { maxLength: 150, size: 'max' });
const wallet = (added: readonly Lot[]): readonly Lot[] => putAll([], added, rank, NOW);
const spendable = (lots: readonly Lot[]): bigint => totalOf(lots.filter((lot) => isSpendable(lot, NOW)));

/** Points that live at least until each instant: what a member was promised. */
function lifeOf(lots: readonly Lot[], until: number): bigint {
  return totalOf(lots.filter((lot) => lot.expires > until));
}

describe('lots', () => {
  it('come back from their packed form as they were', () => {
    fc.assert(
      fc.property(manyLots, (lots) => {
        expect(unpackLots(packLots(lots))).to.deep.equal(lots);
      }),
    );
  });

  it('take 30 octets each', () => {
    expect(
      packLots(wallet([{ classId: 1, activeFrom: 0, expires: NEVER, points: 1n, origin: 0 }])),
    ).to.have.length(30);
    expect(() => unpackLots(Buffer.alloc(31))).to.throw('whole entries');
  });

  it('keep every point when they are added, merged and joined', () => {
    fc.assert(
      fc.property(manyLots, (added) => {
        expect(totalOf(wallet(added))).to.equal(totalOf(added));
      }),
    );
  });

  it('are kept in the order in which they are spent', () => {
    fc.assert(
      fc.property(manyLots, (added) => {
        const lots = wallet(added);
        const keys = lots.map((lot) => [
          lot.expires,
          rank(lot.classId),
          lot.activeFrom,
          lot.classId,
          lot.origin,
        ]);
        expect(keys).to.deep.equal(
          [...keys].sort((a, b) => a.map((n, at) => n - b[at]!).find((difference) => difference !== 0) ?? 0),
        );
      }),
    );
  });

  it('never live shorter because lots were joined', () => {
    fc.assert(
      fc.property(manyLots, (added) => {
        const lots = wallet(added);
        for (const { expires } of added) {
          expect(lifeOf(lots, expires - 1) >= lifeOf(added, expires - 1)).to.equal(true);
          expect(lifeOf(lots, expires) >= lifeOf(added, expires)).to.equal(true);
        }
      }),
    );
  });

  it('do not come back to life because lots were joined', () => {
    fc.assert(
      fc.property(manyLots, (added) => {
        expect(spendable(wallet(added))).to.equal(spendable(added));
      }),
    );
  });

  it('stay at most 64 of one kind, and those that must be traceable stay apart', () => {
    const earned = Array.from({ length: 500 }, (_, day) => ({
      classId: 1,
      activeFrom: 0,
      expires: NOW + 1 + day,
      points: 10n,
      origin: 0,
    }));
    const lots = wallet(earned);
    expect(lots).to.have.length(LOTS_MAX);
    expect(lots[0]).to.deep.include({ expires: NOW + 437, points: 4370n });
    const bought = earned.slice(0, 100).map((lot, index) => ({ ...lot, origin: index + 1 }));
    expect(wallet(bought)).to.have.length(100);
  });

  it('merge only when class, times and origin agree', () => {
    const lot: Lot = { classId: 1, activeFrom: 0, expires: NOW + 9, points: 5n, origin: 0 };
    expect(put([lot], lot, rank, NOW)).to.deep.equal([{ ...lot, points: 10n }]);
    for (const other of [{ classId: 2 }, { activeFrom: 3 }, { expires: NOW + 8 }, { origin: 4 }]) {
      expect(put([lot], { ...lot, ...other }, rank, NOW)).to.have.length(2);
    }
    expect(put([{ ...lot, origin: 4 }], { ...lot, origin: 4 }, rank, NOW)).to.have.length(2);
  });

  it('are taken in order, exactly, from those that may be taken', () => {
    fc.assert(
      fc.property(manyLots, fc.nat(), (added, wish) => {
        const lots = wallet(added);
        const accept = (lot: Lot): boolean => isSpendable(lot, NOW);
        const most = spendable(lots);
        fc.pre(most > 0n);
        const points = (BigInt(wish) % most) + 1n;
        const { left, slices } = take(lots, points, accept);
        expect(totalOf(slices)).to.equal(points);
        expect(totalOf(left)).to.equal(totalOf(lots) - points);
        const last = slices.at(-1)!.expires;
        expect(left.filter(accept).every((lot) => lot.expires >= last)).to.equal(true);
        expect(slices.every(accept)).to.equal(true);
        expect([...left, ...slices].every((lot) => lot.points > 0n)).to.equal(true);
      }),
    );
    expect(() => take([], 1n, () => true)).to.throw('taken points were available');
  });

  it('are spendable from the first instant to the last before they lapse', () => {
    const lot: Lot = { classId: 1, activeFrom: 10, expires: 20, points: 1n, origin: 0 };
    expect([9, 10, 19, 20].map((now) => isSpendable(lot, now))).to.deep.equal([false, true, true, false]);
  });
});
