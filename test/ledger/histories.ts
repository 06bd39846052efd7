import fc from 'fast-check';
import { expect } from 'chai';
import { earn } from '../../src/ledger/decide/earn.ts';
import { expire } from '../../src/ledger/decide/expire.ts';
import { captureHold, expireHold, placeHold, voidHold } from '../../src/ledger/decide/hold.ts';
import { reverse } from '../../src/ledger/decide/reverse.ts';
import { spend } from '../../src/ledger/decide/spend.ts';
import { transfer } from '../../src/ledger/decide/transfer.ts';
import { NEVER } from '../../src/ledger/lots.ts';
import type { Operation, RequestIdentity } from '../../src/ledger/operation.ts';
import { HOLD_STATE, TRANSFER_KIND, type TransferRecord } from '../../src/ledger/records.ts';
import { DAY_MS } from '../../src/values/instant.ts';
import { wallet } from '../support/ledger.ts';
import { CLASS, classAfter, DAY_ZERO, MemoryLedger } from '../support/memory-ledger.ts';
import { NaiveLedger, type NaiveAnswer, type NaiveClass, type NaiveMove } from '../support/naive-ledger.ts';

/** Random histories of a few members, told to the real decisions and to the naive ledger in the same words. */

export const MEMBERS = [1, 2, 3] as const;

const PARTNER = 7;
const NAIVE_CLASSES: Readonly<Record<number, NaiveClass>> = {
  [CLASS.earned]: { issuer: 0, rank: 1, transferable: true, after: CLASS.passedOn },
  [CLASS.goodwill]: { issuer: 0, rank: 5, transferable: true, after: CLASS.passedOn },
  [CLASS.partner]: { issuer: PARTNER, rank: 1, transferable: true, after: CLASS.partnerPassedOn },
  [CLASS.fixed]: { issuer: 0, rank: 2, transferable: false, after: CLASS.passedOn },
  [CLASS.passedOn]: { issuer: 0, rank: 3, transferable: true, after: CLASS.passedOn },
  [CLASS.partnerPassedOn]: { issuer: PARTNER, rank: 3, transferable: true, after: CLASS.partnerPassedOn },
};

const STEPS = [
  'earn',
  'earn',
  'earn',
  'earn',
  'spend',
  'transfer',
  'hold',
  'capture',
  'void',
  'lapse',
  'reverse',
  'reverse',
  'take away',
  'expire',
  'wait',
  'repeat',
  'other content',
] as const;

/** One step of a history; each kind of step reads of it what it needs. */
export const step = fc.record({
  kind: fc.constantFrom(...STEPS),
  member: fc.constantFrom(...MEMBERS),
  other: fc.constantFrom(...MEMBERS),
  points: fc.integer({ min: 1, max: 120 }).map(BigInt),
  fee: fc.constantFrom(0n, 0n, 5n),
  days: fc.constantFrom(0, 5, 5, 20, 40, 'never' as const),
  startsAfter: fc.constantFrom(0, 0, 0, 3),
  lotClass: fc.constantFrom(CLASS.earned, CLASS.earned, CLASS.goodwill, CLASS.partner, CLASS.fixed),
  traceable: fc.constantFrom(false, false, true),
  debtPercent: fc.constantFrom(0n, 50n, 100n),
  pick: fc.nat({ max: 50 }),
  grace: fc.constantFrom('forfeit' as const, 10),
});
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Long enough to spend what was earned and to undo what was spent. */
export const history = fc.array(step, { minLength: 10, maxLength: 60, size: 'max' });

const REVERSIBLE: readonly number[] = (
  ['earn', 'spend', 'transfer', 'capture', 'adjust', 'fee'] as const
).map((kind) => TRANSFER_KIND[kind]);

export class TwoLedgers {
  readonly real = new MemoryLedger().open(...MEMBERS);
  readonly naive = new NaiveLedger(DAY_ZERO, MEMBERS, NAIVE_CLASSES);
  #last: { part: Pick<Operation, 'keys' | 'decide'>; request: RequestIdentity; answer: string } | undefined;

  /** Does one step on both and compares the answers. */
  take(step: Step): void {
    if (step.kind === 'wait') this.#wait(step);
    else if (step.kind === 'repeat') this.#repeat();
    else if (step.kind === 'other content') this.#otherContent();
    else {
      const both = this.#partOf(step);
      if (both === undefined) return;
      const request = this.real.newRequest();
      const verdict = this.real.run(both.part, request);
      const answer = verdict.kind === 'done' ? 'done' : verdict.code;
      expect(answer).to.equal(both.naive(), `answer to ${step.kind}`);
      this.#last = { part: both.part, request, answer };
    }
  }

  #wait({ days }: Step): void {
    const ms = days === 'never' ? 1 : days * (DAY_MS / 2);
    this.real.now += ms;
    this.naive.now += ms;
  }

  #repeat(): void {
    if (this.#last === undefined) return;
    const { part, request, answer } = this.#last;
    const posted = this.real.decide(part, request);
    expect(posted).to.include({ kind: 'posted', replayed: true });
    if (posted.kind !== 'posted') return;
    expect(posted.verdict.kind === 'done' ? 'done' : posted.verdict.code).to.equal(answer);
  }

  #otherContent(): void {
    if (this.#last === undefined) return;
    const { part, request } = this.#last;
    const verdict = this.real.run(part, { ...request, contentHash: Buffer.alloc(16, 9) });
    expect(verdict).to.deep.include({ kind: 'refused', code: 'idempotency_mismatch' });
  }

  #partOf(step: Step): { part: Pick<Operation, 'keys' | 'decide'>; naive: () => NaiveAnswer } | undefined {
    const { member, other, points, fee } = step;
    const from = wallet(member);
    switch (step.kind) {
      case 'earn':
        return this.#earning(step);
      case 'spend':
        return {
          part: spend({ from, points, to: 'redeemed', kind: 'spend' }),
          naive: () => this.naive.spend(member, points),
        };
      case 'take away':
        return {
          part: spend({ from, points, to: 'goodwill', kind: 'adjust' }),
          naive: () => this.naive.spend(member, points, 'adjust'),
        };
      case 'transfer':
        return {
          part: transfer({ from, to: wallet(other), points, fee, classAfter, limits: [] }),
          naive: () => this.naive.transfer(member, other, points, fee),
        };
      case 'hold': {
        const ttlMs = typeof step.days === 'number' ? step.days * (DAY_MS / 2) + 1 : DAY_MS;
        return {
          part: placeHold({ from, points, ttlMs }),
          naive: () => this.naive.hold(member, points, ttlMs),
        };
      }
      case 'expire':
        return { part: expire(from), naive: () => this.naive.expire(member) };
      case 'reverse':
        return this.#reversal(step);
      case 'capture':
      case 'void':
      case 'lapse':
        return this.#endOfHold(step);
      case 'wait':
      case 'repeat':
      case 'other content':
        return undefined;
    }
  }

  #earning({ member, points: third, lotClass, days, startsAfter, traceable, debtPercent }: Step) {
    const { now } = this.naive;
    const points = third * 3n;
    const from = startsAfter === 0 ? 0 : now + startsAfter * DAY_MS;
    const expires = days === 'never' ? NEVER : now + (days + startsAfter + 1) * DAY_MS;
    const isGoodwill = lotClass === CLASS.goodwill;
    return {
      part: earn({
        to: wallet(member),
        points,
        classId: lotClass,
        expiresAt: () => expires,
        activeFrom: () => from,
        traceable,
        from: isGoodwill ? 'goodwill' : 'issue',
        kind: isGoodwill ? 'adjust' : 'earn',
        debtSharePpm: debtPercent * 10_000n,
      }),
      naive: () => this.naive.earn(member, { points, lotClass, from, expires }, traceable, debtPercent),
    };
  }

  #endOfHold({ kind, pick, points }: Step) {
    const holds = [...this.real.holds.values()];
    if (holds.length === 0) return undefined;
    // Mostly the latest: an old hold has ended long ago.
    const at = holds.length - 1 - (pick % holds.length);
    const [hold, naive] = [holds[at]!, this.naive.holds[at]!];
    const owner = wallet(naive.owner);
    if (kind === 'capture') {
      return {
        part: captureHold({ account: owner, serial: hold.serial, points }),
        naive: () => this.naive.capture(naive, points),
      };
    }
    return kind === 'void'
      ? { part: voidHold(owner, hold.serial), naive: () => this.naive.release(naive) }
      : { part: expireHold(owner, hold.serial), naive: () => this.naive.lapseHold(naive) };
  }

  #reversal({ pick, points, grace }: Step) {
    const originals = this.real.transfers.filter(({ kind }) => REVERSIBLE.includes(kind));
    const moves = this.naive.moves.filter(({ kind }) => !['reverse', 'expire', 'debt'].includes(kind));
    expect(originals.map(told)).to.deep.equal(moves.map(toldNaive), 'the journal');
    if (originals.length === 0) return undefined;
    const at = pick % originals.length;
    const [original, move] = [originals[at]!, moves[at]!];
    const graceMs = grace === 'forfeit' ? grace : grace * DAY_MS;
    return {
      part: reverse({
        original,
        points,
        reason: 'test',
        lapsed: graceMs === 'forfeit' ? graceMs : { graceMs },
      }),
      naive: () => this.naive.reverse(move, points, graceMs),
    };
  }

  /** Everything that must hold after every step. */
  check(): void {
    for (const member of MEMBERS) {
      const account = this.real.of(member);
      const naive = this.naive.members.get(member)!;
      expect(this.real.available(member)).to.equal(this.naive.available(member), 'available');
      expect(account.held).to.equal(this.naive.held(member), 'held');
      expect(account.debt).to.equal(naive.debt, 'debt');
      expect(
        piles(account.lots.map((lot) => ({ ...lot, lotClass: lot.classId, from: lot.activeFrom }))),
      ).to.deep.equal(piles(naive.lots), 'lots');
      this.#checkAccount(member);
    }
    this.#checkSums();
  }

  #checkAccount(member: number): void {
    const account = this.real.of(member);
    const lots = account.lots.reduce((total, lot) => total + lot.points, 0n);
    expect(account.balance >= 0n && account.held >= 0n && account.debt >= 0n).to.equal(
      true,
      'never negative',
    );
    expect(account.lots.every((lot) => lot.points > 0n)).to.equal(true, 'no empty lot');
    expect(lots + account.held).to.equal(account.balance, 'balance is lots plus held');
    const active = [...this.real.holds.values()].filter(
      (hold) => hold.account === account.id && hold.state === HOLD_STATE.active,
    );
    expect(active.reduce((total, hold) => total + hold.amount, 0n)).to.equal(
      account.held,
      'held is active holds',
    );
    const expiries = account.lots.map((lot) => lot.expires);
    expect(expiries).to.deep.equal(
      [...expiries].sort((a, b) => a - b),
      'soonest expiry first',
    );
    const legs = this.real.postings.filter((posting) => posting.account === account.id);
    expect(legs.reduce((total, leg) => total + leg.delta, 0n)).to.equal(
      account.balance,
      'balance is its postings',
    );
    expect(legs.at(-1)?.balanceAfter ?? 0n).to.equal(account.balance, 'the last line of the statement');
  }

  #checkSums(): void {
    let total = this.real.postings.reduce((sum, posting) => sum + posting.delta, 0n);
    for (const { src, dst, amount } of this.real.transfers) {
      if (src < 0) total -= amount;
      if (dst < 0) total += amount;
    }
    expect(total).to.equal(0n, 'everything sums to zero');
  }
}

/** Points by kind of lot, whatever lots they lie in. */
function piles(
  lots: readonly { points: bigint; lotClass: number; from: number; expires: number; origin: number }[],
): Record<string, bigint> {
  const result: Record<string, bigint> = {};
  for (const lot of lots) {
    const traceable = lot.origin === 0 ? 'fungible' : 'traceable';
    const kind = `${traceable} ${String(lot.lotClass)} ${String(lot.from)}..${String(lot.expires)}`;
    result[kind] = (result[kind] ?? 0n) + lot.points;
  }
  return result;
}

const told = ({ kind, amount }: TransferRecord): string => `${String(kind)} ${String(amount)}`;
const toldNaive = ({ kind, points }: NaiveMove): string => `${String(TRANSFER_KIND[kind])} ${String(points)}`;
