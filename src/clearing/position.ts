import { assert } from '../errors.ts';
import { microOf, type Rate } from '../partners/rate.ts';
import type { Line, Terms } from './line.ts';
import type { Moved } from './movement.ts';

/** One issuer's points from the beginning to the end of a period. */
export interface Position extends Moved {
  readonly outstanding: bigint;
  readonly reserveRate: Rate;
}

/** Money of the pool from the beginning to the end of a period, in millionths of a minor unit. */
export interface Balance {
  /** What was paid in less what was paid out. */
  readonly poolMicro: bigint;
  /** What the points that are out may still cost. */
  readonly reserveMicro: bigint;
  /** What members owe: points that were paid out and then taken back. */
  readonly debtMicro: bigint;
  /** What is the programme's own. */
  readonly marginMicro: bigint;
}

export interface Books {
  readonly positions: readonly Position[];
  readonly balance: Balance;
}

export const EMPTY_BOOKS: Books = {
  positions: [],
  balance: { poolMicro: 0n, reserveMicro: 0n, debtMicro: 0n, marginMicro: 0n },
};

/**
 * The books after a period: pool = reserve - debt + margin, to the millionth (bonus-core §3.8, P17).
 *
 * The margin is added up line by line, the reserve from what is out; neither follows from the other, so a line that is
 * missing, doubled or wrongly priced breaks the equation and the period is not closed.
 *
 * @throws Error when the books do not balance, Refusal `agreement_missing`
 */
export function closeBooks(
  before: Books,
  moved: readonly Moved[],
  lines: readonly Line[],
  terms: Terms,
): Books {
  assertSamePoints(moved, lines);
  const positions = positionsAfter(before.positions, moved, terms);
  const worth = (points: (position: Position) => bigint): bigint =>
    positions.reduce((sum, position) => sum + microOf(points(position), position.reserveRate), 0n);
  const booked = lines.filter(({ kind }) => kind !== 'prepaid');
  const balance: Balance = {
    poolMicro: booked.reduce((sum, { amountMicro }) => sum + amountMicro, before.balance.poolMicro),
    reserveMicro: worth(({ outstanding }) => outstanding),
    debtMicro: worth(({ debtMade, debtSettled }) => debtMade - debtSettled),
    marginMicro: booked.reduce(
      (sum, line) => sum + marginOf(line, terms),
      before.balance.marginMicro + revaluation(before.positions, terms),
    ),
  };
  const { poolMicro, reserveMicro, debtMicro, marginMicro } = balance;
  assert(poolMicro === reserveMicro - debtMicro + marginMicro, 'pool is reserve less debt plus margin');
  return { positions, balance };
}

/** What a line leaves the programme: the price of what was given or taken, against what a point is worth. */
function marginOf({ kind, issuer, points, amountMicro }: Line, terms: Terms): bigint {
  if (kind === 'correction') return amountMicro;
  const worth = microOf(points, terms.reserveRateOf(issuer));
  return kind === 'issue' ? amountMicro - worth : amountMicro + worth;
}

/** Points that were out before are worth more or less now: their issuer has a new agreement. */
function revaluation(positions: readonly Position[], terms: Terms): bigint {
  return positions.reduce((sum, { issuer, issued, redeemed, expired, reserveRate }) => {
    const open = issued - redeemed - expired;
    return sum + microOf(open, reserveRate) - microOf(open, terms.reserveRateOf(issuer));
  }, 0n);
}

function positionsAfter(before: readonly Position[], moved: readonly Moved[], terms: Terms): Position[] {
  const old = new Map(before.map((position) => [position.issuer, position]));
  const now = new Map(moved.map((one) => [one.issuer, one]));
  const issuers = [...new Set([...old.keys(), ...now.keys()])].sort((a, b) => a - b);
  return issuers.map((issuer) => {
    const sum = (of: keyof Omit<Moved, 'issuer'>): bigint =>
      (old.get(issuer)?.[of] ?? 0n) + (now.get(issuer)?.[of] ?? 0n);
    const [issued, redeemed, expired] = [sum('issued'), sum('redeemed'), sum('expired')];
    const [debtMade, debtSettled] = [sum('debtMade'), sum('debtSettled')];
    const outstanding = issued - redeemed - expired + debtMade - debtSettled;
    assert(outstanding >= 0n, 'no issuer has fewer points out than none (P16)');
    return {
      ...{ issuer, issued, redeemed, expired, debtMade, debtSettled, outstanding },
      reserveRate: terms.reserveRateOf(issuer),
    };
  });
}

/** Lines and sums are read separately; they must tell of the same points. */
function assertSamePoints(moved: readonly Moved[], lines: readonly Line[]): void {
  const told = new Map<string, bigint>();
  const tell = (what: string, points: bigint): void => void told.set(what, (told.get(what) ?? 0n) + points);
  for (const { issuer, issued, redeemed, expired } of moved) {
    tell(`${String(issuer)} issue`, issued);
    tell(`${String(issuer)} burn`, redeemed);
    tell(`${String(issuer)} breakage`, expired);
  }
  for (const { kind, issuer, points } of lines) {
    if (kind !== 'prepaid' && kind !== 'correction') tell(`${String(issuer)} ${kind}`, -points);
  }
  for (const [what, points] of told) assert(points === 0n, `lines and journal differ: ${what}`);
}
