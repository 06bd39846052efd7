import { expect } from 'chai';
import fc from 'fast-check';
import { earn } from '../../src/ledger/decide/earn.ts';
import { expire } from '../../src/ledger/decide/expire.ts';
import { captureHold, placeHold, voidHold, type Placed } from '../../src/ledger/decide/hold.ts';
import { reverse } from '../../src/ledger/decide/reverse.ts';
import { spend } from '../../src/ledger/decide/spend.ts';
import { transfer } from '../../src/ledger/decide/transfer.ts';
import type { Lot } from '../../src/ledger/lots.ts';
import type { Operation, RequestIdentity } from '../../src/ledger/operation.ts';
import { DAY_MS } from '../../src/values/instant.ts';
import { verdictOf, wallet } from '../support/ledger.ts';
import { CLASS, classAfter, DAY_ZERO, MemoryLedger } from '../support/memory-ledger.ts';
import { history, TwoLedgers } from './histories.ts';

const [A, B, C] = [1, 2, 3] as const;
type Part = Pick<Operation, 'keys' | 'decide'>;

/** What a member has been given: points, days until they lapse, whose they are. */
const given = fc.record({
  points: fc.bigInt({ min: 1n, max: 60n }),
  days: fc.integer({ min: 1, max: 30 }),
  lotClass: fc.constantFrom(CLASS.earned, CLASS.goodwill, CLASS.partner),
});
type Given = typeof given extends fc.Arbitrary<infer T> ? T : never;
const gifts = fc.array(given, { minLength: 1, maxLength: 10 });
const share = fc.integer({ min: 1, max: 100 });

const give = ({ points, days, lotClass }: Given, to: number = A): Part =>
  earn({
    ...{ to: wallet(to), points, classId: lotClass, expiresAt: () => DAY_ZERO + days * DAY_MS },
    ...{ from: 'issue', kind: 'earn', debtSharePpm: 0n },
  });
const pay = (points: bigint): Part => spend({ from: wallet(A), points, to: 'redeemed', kind: 'spend' });
const send = (from: number, to: number, points: bigint, fee = 0n): Part =>
  transfer({ from: wallet(from), to: wallet(to), points, fee, classAfter, limits: [] });
const hold = (points: bigint): Part => placeHold({ from: wallet(A), points, ttlMs: 60 * DAY_MS });

function filled(lots: readonly Given[]): MemoryLedger {
  const ledger = new MemoryLedger().open(A, B, C);
  for (const one of lots) ledger.done(give(one));
  return ledger;
}
const part = (of: bigint, percent: number): bigint => (of * BigInt(percent)) / 100n;

/** Points by what they are, whatever lots they lie in. */
function piles(lots: readonly Lot[]): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { classId, expires, activeFrom, points } of lots) {
    const what = [classId, expires, activeFrom].join('/');
    sums.set(what, (sums.get(what) ?? 0n) + points);
  }
  return new Map([...sums].sort());
}
const lotsOf = (ledger: MemoryLedger, member: number = A) => piles(ledger.of(member).lots);

/** The invariants of bonus-core §3.11 that need no database; each under its number. */
describe('the invariants of the ledger', () => {
  it('P1, P2, P3: sums are zero, posted is what the lots hold, nothing is ever negative', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const ledgers = new TwoLedgers();
        for (const step of steps) {
          ledgers.take(step);
          ledgers.check();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('P4, P5: any prefix told again changes nothing and answers the same; other content under a key is a mismatch', () => {
    const command = fc.oneof(
      given.map((one) => give(one)),
      fc.bigInt({ min: 1n, max: 80n }).map(pay),
      fc.bigInt({ min: 1n, max: 80n }).map((points) => send(A, B, points)),
      fc.bigInt({ min: 1n, max: 80n }).map(hold),
    );
    fc.assert(
      fc.property(fc.array(command, { minLength: 1, maxLength: 15 }), fc.nat(), (commands, cut) => {
        const ledger = new MemoryLedger().open(A, B);
        const requests: RequestIdentity[] = commands.map(() => ledger.newRequest());
        const answers = commands.map((one, index) => ledger.decide(one, requests[index]));
        const before = [ledger.transfers.length, lotsOf(ledger), lotsOf(ledger, B), ledger.holds.size];
        for (let index = 0; index <= cut % commands.length; index++) {
          const again = ledger.decide(commands[index]!, requests[index]);
          expect(again).to.deep.include({ kind: 'posted', replayed: true });
          expect(verdictOf(again)).to.deep.equal(verdictOf(answers[index]!));
          const other = { ...requests[index]!, contentHash: Buffer.alloc(16, 1) };
          expect(ledger.run(commands[index]!, other)).to.deep.include({ code: 'idempotency_mismatch' });
        }
        expect([ledger.transfers.length, lotsOf(ledger), lotsOf(ledger, B), ledger.holds.size]).to.deep.equal(
          before,
        );
      }),
    );
  });

  it('P6: earnings give the same in any order', () => {
    const shuffled = gifts.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
    );
    fc.assert(
      fc.property(shuffled, ([all, mixed]) => {
        expect(lotsOf(filled(mixed))).to.deep.equal(lotsOf(filled(all)));
      }),
    );
  });

  it('P7: spending takes exactly what is asked, and nothing that lapses later before what lapses sooner', () => {
    fc.assert(
      fc.property(gifts, share, (lots, percent) => {
        const ledger = filled(lots);
        const before = ledger.of(A).lots;
        const points = part(ledger.available(A), percent);
        fc.pre(points > 0n);
        ledger.done(pay(points));
        const { slices } = ledger.transfers.at(-1)!;
        expect(slices.reduce((sum, slice) => sum + slice.points, 0n)).to.equal(points);
        const last = Math.max(...slices.map(({ expires }) => expires));
        const sooner = before.filter(({ expires }) => expires < last);
        const takenSooner = slices.filter(({ expires }) => expires < last);
        expect(piles(takenSooner)).to.deep.equal(piles(sooner));
      }),
    );
  });

  it('P8: spending in two steps leaves the same lots', () => {
    fc.assert(
      fc.property(gifts, share, share, (lots, percent, cut) => {
        const [whole, halves] = [filled(lots), filled(lots)];
        const points = part(whole.available(A), percent);
        const first = part(points, cut);
        fc.pre(first > 0n && first < points);
        whole.done(pay(points));
        halves.done(pay(first));
        halves.done(pay(points - first));
        expect(lotsOf(halves)).to.deep.equal(lotsOf(whole));
      }),
    );
  });

  it('P9: a voided hold leaves everything as it was, a captured one as spending would have', () => {
    fc.assert(
      fc.property(gifts, share, (lots, percent) => {
        const [voided, captured, spent] = [filled(lots), filled(lots), filled(lots)];
        const points = part(spent.available(A), percent);
        fc.pre(points > 0n);
        const before = lotsOf(voided);
        voided.done(voidHold(wallet(A), (voided.done(hold(points)) as Placed).hold.serial));
        expect(lotsOf(voided)).to.deep.equal(before);
        const { serial } = (captured.done(hold(points)) as Placed).hold;
        captured.done(captureHold({ account: wallet(A), serial, points }));
        spent.done(pay(points));
        expect(lotsOf(captured)).to.deep.equal(lotsOf(spent));
        expect(captured.of(A).balance).to.equal(spent.of(A).balance);
      }),
    );
  });

  it('P11, P12: a sweep takes only what has lapsed and is not held, once, and changes nothing that can be spent', () => {
    fc.assert(
      fc.property(gifts, share, fc.integer({ min: 0, max: 35 }), (lots, percent, days) => {
        const ledger = filled(lots);
        const held = part(ledger.available(A), percent);
        if (held > 0n) ledger.done(hold(held));
        ledger.now = DAY_ZERO + days * DAY_MS;
        const lapsed = ledger.of(A).lots.filter(({ expires }) => expires <= ledger.now);
        const before = {
          available: ledger.available(A),
          held: ledger.of(A).held,
          balance: ledger.of(A).balance,
        };
        const points = lapsed.reduce((sum, lot) => sum + lot.points, 0n);
        expect(ledger.done(expire(wallet(A)))).to.deep.include({ points });
        expect(ledger.done(expire(wallet(A))), 'once').to.deep.include({ points: 0n });
        expect(ledger.available(A)).to.equal(before.available);
        expect(ledger.of(A).held).to.equal(before.held);
        expect(ledger.of(A).balance).to.equal(before.balance - points);
      }),
    );
  });

  it('P13: undoing a spending restores each lot but what has lapsed, and never more than was spent', () => {
    const pieces = fc.array(share, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(gifts, share, pieces, fc.integer({ min: 0, max: 35 }), (lots, percent, cuts, days) => {
        const ledger = filled(lots);
        const points = part(ledger.available(A), percent);
        fc.pre(points > 0n);
        ledger.done(pay(points));
        const original = ledger.transfers.at(-1)!;
        ledger.now = DAY_ZERO + days * DAY_MS;
        const wanted = ledger
          .of(A)
          .lots.concat(original.slices)
          .filter(({ expires }) => expires > ledger.now);
        let left = points;
        const undo = (some: bigint) =>
          ledger.run(reverse({ original, points: some, reason: 'test', lapsed: 'forfeit' }));
        for (const cut of cuts) {
          const some = part(left, cut);
          if (some === 0n) continue;
          expect(undo(some)).to.have.property('kind', 'done');
          left -= some;
        }
        if (left > 0n) expect(undo(left)).to.have.property('kind', 'done');
        expect(undo(1n)).to.deep.include({ code: 'reversal_exceeds_original', detail: { left: 0n } });
        ledger.done(expire(wallet(A)));
        expect(lotsOf(ledger)).to.deep.equal(piles(wanted));
      }),
    );
  });

  it('P14: a transfer moves points with expiry, issuer and cost, and loses none but the fee', () => {
    fc.assert(
      fc.property(gifts, share, fc.bigInt({ min: 0n, max: 9n }), (lots, percent, fee) => {
        const ledger = filled(lots);
        const points = part(ledger.available(A), percent);
        fc.pre(points > 0n && points + fee <= ledger.available(A));
        const before = ledger.of(A).balance;
        ledger.done(send(A, B, points, fee));
        expect(ledger.of(A).balance + ledger.of(B).balance + fee).to.equal(before);
        const moved = ledger.transfers.find(({ dst }) => dst === wallet(B).id)!;
        const arrived = ledger.of(B).lots;
        const worth = (classId: number): number => classId;
        expect(piles(arrived)).to.deep.equal(
          piles(moved.slices.map((slice) => ({ ...slice, classId: worth(classAfter(slice.classId)) }))),
        );
      }),
    );
  });

  it('P15: however members send points around, none lives longer than it was given to', () => {
    const hop = fc.record({ from: fc.constantFrom(A, B, C), to: fc.constantFrom(A, B, C), percent: share });
    fc.assert(
      fc.property(gifts, fc.array(hop, { maxLength: 12 }), (lots, hops) => {
        const ledger = filled(lots);
        for (const { from, to, percent } of hops) {
          const points = part(ledger.available(from), percent);
          if (points > 0n && from !== to) ledger.done(send(from, to, points));
        }
        for (let days = 0; days <= 31; days++) {
          ledger.now = DAY_ZERO + days * DAY_MS;
          const promised = lots
            .filter((one) => DAY_ZERO + one.days * DAY_MS > ledger.now)
            .reduce((sum, { points }) => sum + points, 0n);
          const available = [A, B, C].reduce((sum, member) => sum + ledger.available(member), 0n);
          expect(available).to.equal(promised);
        }
      }),
    );
  });
});
