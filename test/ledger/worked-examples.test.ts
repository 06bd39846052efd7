import { expect } from 'chai';
import { earn, type Earned } from '../../src/ledger/decide/earn.ts';
import { expire } from '../../src/ledger/decide/expire.ts';
import { captureHold, placeHold, voidHold, type Placed } from '../../src/ledger/decide/hold.ts';
import { reverse, type Reversing } from '../../src/ledger/decide/reverse.ts';
import { spend } from '../../src/ledger/decide/spend.ts';
import { transfer } from '../../src/ledger/decide/transfer.ts';
import { NEVER } from '../../src/ledger/lots.ts';
import { TRANSFER_KIND } from '../../src/ledger/records.ts';
import { pointsFor } from '../../src/bonus/programme.ts';
import { DAY_MS } from '../../src/values/instant.ts';
import { wallet } from '../support/ledger.ts';
import { CLASS, classAfter, DAY_ZERO, MemoryLedger } from '../support/memory-ledger.ts';

/** The numbers of the specification's worked examples (3.4.1 to 3.4.6), told as they stand there. */

const [A, B] = [1, 2];
const WHOLE = 1_000_000n;

describe('the worked examples', () => {
  let ledger: MemoryLedger;

  beforeEach(() => {
    ledger = new MemoryLedger().open(A, B);
  });

  type Part = Parameters<MemoryLedger['done']>[0];
  const earned = (part: Part): Earned => ledger.done(part) as Earned;
  const placed = (part: Part): Placed => ledger.done(part) as Placed;
  const day = (number: number): void => {
    ledger.now = DAY_ZERO + number * DAY_MS;
  };
  const dayOf = (at: number): number => (at - DAY_ZERO) / DAY_MS;
  const give = (subscriber: number, points: bigint, expiresOn?: number, debtSharePpm = WHOLE): Earned =>
    earned(
      earn({
        to: wallet(subscriber),
        points,
        classId: CLASS.earned,
        expiresAt: () => (expiresOn === undefined ? NEVER : DAY_ZERO + expiresOn * DAY_MS),
        from: 'issue',
        kind: 'earn',
        debtSharePpm,
      }),
    );
  const pay = (points: bigint) =>
    ledger.done(spend({ from: wallet(A), points, to: 'redeemed', kind: 'spend' }));
  const hold = (points: bigint, untilDay: number): number => {
    const ttlMs = DAY_ZERO + untilDay * DAY_MS - ledger.now;
    return placed(placeHold({ from: wallet(A), points, ttlMs })).hold.serial;
  };
  const capture = (serial: number, points: bigint) =>
    ledger.run(captureHold({ account: wallet(A), serial, points }));
  const sweep = () => ledger.done(expire(wallet(A)));
  const undo = (
    kind: keyof typeof TRANSFER_KIND,
    points: bigint,
    lapsed: Reversing['lapsed'] = 'forfeit',
  ) => {
    const original = ledger.transfers.find((transfer) => transfer.kind === TRANSFER_KIND[kind])!;
    return ledger.run(reverse({ original, points, reason: 'example', lapsed }));
  };
  const lots = (subscriber: number): string[] =>
    ledger.of(subscriber).lots.map((lot) => `${String(lot.points)}@${String(dayOf(lot.expires))}`);
  const lines = () => ledger.postings.map(({ delta, balanceAfter }) => [delta, balanceAfter]);

  it('3.4.1: a partial spend takes what lapses first, and the sweep only what is left of it', () => {
    give(A, 100n, 90);
    give(A, 50n, 40);
    give(A, 200n, 120);
    day(30);
    pay(120n);
    expect(lots(A)).to.deep.equal(['30@90', '200@120']);
    day(89);
    expect(ledger.available(A)).to.equal(230n);
    day(90);
    expect(ledger.of(A).balance).to.equal(230n);
    expect(ledger.available(A)).to.equal(200n);
    expect(sweep()).to.deep.equal({ points: 30n, available: 200n });
    expect(ledger.of(A).balance).to.equal(200n);
    expect(sweep()).to.deep.include({ points: 0n });
  });

  describe('3.4.2: points that lapse while they are held', () => {
    let serial: number;

    beforeEach(() => {
      give(A, 100n, 31);
      give(A, 100n, 100);
      day(30);
      serial = hold(150n, 33);
      expect(ledger.available(A)).to.equal(50n);
      day(31);
      expect(sweep()).to.deep.include({ points: 0n });
      day(32);
    });

    it('can be captured until the hold ends; the rest returns', () => {
      expect(capture(serial, 120n)).to.have.property('kind', 'done');
      expect(ledger.of(A).balance).to.equal(80n);
      expect(lots(A)).to.deep.equal(['80@100']);
      expect(capture(serial, 1n)).to.deep.include({
        kind: 'refused',
        code: 'hold_not_active',
        detail: { state: 'captured' },
      });
    });

    it('lapse at once when the hold is voided', () => {
      expect(ledger.done(voidHold(wallet(A), serial))).to.deep.include({ released: 50n, lapsed: 100n });
      expect(ledger.of(A).balance).to.equal(100n);
      expect(ledger.transfers.at(-1)).to.deep.include({ kind: TRANSFER_KIND.expire, amount: 100n });
    });

    it('are out of reach of a capture at the instant the hold ends', () => {
      day(33);
      expect(capture(serial, 1n)).to.deep.include({ code: 'hold_not_active', detail: { state: 'expired' } });
    });

    it('are not captured beyond what is held', () => {
      expect(capture(serial, 151n)).to.deep.include({ code: 'capture_exceeds_hold', detail: { held: 150n } });
    });
  });

  it('3.4.3: a transfer keeps the expiry of the points, and its fee comes on top', () => {
    give(A, 60n, 40);
    give(A, 100n, 90);
    day(10);
    const move = { from: wallet(A), to: wallet(B), points: 100n, fee: 5n, classAfter, limits: [] };
    ledger.done(transfer(move));
    expect(lots(B)).to.deep.equal(['60@40', '40@90']);
    expect(ledger.of(B).lots.map((lot) => lot.classId)).to.deep.equal([CLASS.passedOn, CLASS.passedOn]);
    expect(lots(A)).to.deep.equal(['55@90']);
    expect(ledger.of(A).balance + ledger.of(B).balance + 5n).to.equal(160n);
  });

  it('3.4.3: a transfer that the fee makes too dear tells what there is and what it takes', () => {
    give(A, 103n, 40);
    const move = { from: wallet(A), to: wallet(B), points: 100n, fee: 5n, classAfter, limits: [] };
    expect(ledger.run(transfer(move))).to.deep.equal({
      kind: 'refused',
      code: 'points_insufficient',
      detail: { available: 103n, wanted: 105n },
    });
  });

  describe('3.4.4: a spend that is undone after part of it lapsed', () => {
    beforeEach(() => {
      give(A, 80n, 40);
      give(A, 100n, 200);
      day(30);
      pay(120n);
      day(60);
    });

    it('forfeits that part when it was the customer’s wish', () => {
      expect(undo('spend', 120n)).to.deep.include({
        data: { points: 120n, restored: 40n, lapsed: 80n, debt: 0n },
      });
      expect(ledger.available(A)).to.equal(100n);
      expect(ledger.transfers.at(-1)).to.deep.include({ kind: TRANSFER_KIND.expire, amount: 80n });
    });

    it('gives thirty days of grace when it was our fault', () => {
      expect(undo('spend', 120n, { graceMs: 30 * DAY_MS })).to.have.nested.property('data.restored', 120n);
      expect(ledger.available(A)).to.equal(180n);
      expect(lots(A)).to.deep.equal(['80@90', '100@200']);
    });

    it('is undone once, and never beyond what was spent', () => {
      undo('spend', 70n);
      expect(undo('spend', 51n)).to.deep.include({
        code: 'reversal_exceeds_original',
        detail: { left: 50n },
      });
      expect(undo('spend', 50n)).to.have.property('kind', 'done');
      expect(undo('spend', 1n)).to.deep.include({ code: 'reversal_exceeds_original', detail: { left: 0n } });
    });
  });

  describe('a transfer that is undone', () => {
    const giveOf = (subscriber: number, classId: number, points: bigint, expiresOn: number) =>
      earned(
        earn({
          to: wallet(subscriber),
          points,
          classId,
          expiresAt: () => DAY_ZERO + expiresOn * DAY_MS,
          from: 'issue',
          kind: 'earn',
          debtSharePpm: 0n,
        }),
      );
    const send = (points: bigint) =>
      ledger.done(transfer({ from: wallet(A), to: wallet(B), points, fee: 0n, classAfter, limits: [] }));

    beforeEach(() => {
      giveOf(A, CLASS.partner, 100n, 90);
      giveOf(B, CLASS.earned, 100n, 30);
      send(60n);
    });

    it('takes back points of the issuer they were, not others that lapse sooner', () => {
      expect(undo('transfer', 60n)).to.have.property('kind', 'done');
      expect(lots(A)).to.deep.equal(['100@90']);
      expect(lots(B)).to.deep.equal(['100@30']);
    });

    it('is refused when the recipient has spent them, whatever else there is', () => {
      day(30);
      ledger.done(spend({ from: wallet(B), points: 1n, to: 'redeemed', kind: 'spend' }));
      expect(undo('transfer', 60n)).to.deep.include({
        code: 'points_insufficient',
        detail: { available: 59n, wanted: 60n },
      });
    });
  });

  it('3.4.5: an earning taken back after it was spent makes debt, and the next earning pays it', () => {
    give(A, 100n, 90);
    pay(90n);
    expect(undo('earn', 100n)).to.have.nested.property('data.debt', 90n);
    expect(ledger.of(A)).to.include({ balance: 0n, debt: 90n });
    const later = give(A, 50n, 90);
    expect(later).to.include({ points: 50n, settledDebt: 50n, available: 0n });
    expect(ledger.of(A)).to.include({ balance: 0n, debt: 40n });
    expect(lines().slice(-2)).to.deep.equal([
      [50n, 50n],
      [-50n, 0n],
    ]);
  });

  it('3.4.5: a programme may leave the member a share of what is earned', () => {
    give(A, 100n, 90);
    pay(90n);
    undo('earn', 100n);
    expect(give(A, 50n, 90, 500_000n)).to.include({ settledDebt: 25n, available: 25n });
    expect(ledger.of(A).debt).to.equal(65n);
  });

  it('3.4.6: the remainder below a point is carried to the next payment', () => {
    const rate = { rule: 1, event: 'payment', currency: 'RUB', minorPerPoint: 3000n };
    const paid = (minor: bigint) =>
      earned(
        earn({
          to: wallet(A),
          points: 0n,
          classId: CLASS.earned,
          expiresAt: () => NEVER,
          from: 'issue',
          kind: 'earn',
          debtSharePpm: WHOLE,
          carry: { rule: rate.rule, earn: (remainder) => pointsFor(rate, minor, remainder) },
        }),
      ).points;
    expect(paid(10_000n)).to.equal(3n);
    expect(ledger.of(A).carry).to.deep.equal([{ rule: 1, remainder: 1000n }]);
    expect(paid(5_000n)).to.equal(2n);
    expect(ledger.of(A).carry).to.deep.equal([{ rule: 1, remainder: 0n }]);
    expect(paid(2_999n)).to.equal(0n);
    expect(ledger.of(A).balance).to.equal(5n);
  });
});
