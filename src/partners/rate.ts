import { assert } from '../errors.ts';

/** Minor units of money for one point, as a rational (bonus-core §3.0): 12/1 is 0.12 roubles a point. */
export interface Rate {
  readonly num: bigint;
  readonly den: bigint;
}

/** Settlement counts in millionths of a minor unit, and rates are whole in it: lines are exact. */
export const MICRO = 1_000_000n;

export function isWholeInMicro({ num, den }: Rate): boolean {
  return den > 0n && (num * MICRO) % den === 0n;
}

/** What so many points are worth, exactly; multiplied first, divided last. */
export function microOf(points: bigint, rate: Rate): bigint {
  assert(isWholeInMicro(rate), 'a published rate is whole in millionths of a minor unit');
  return (points * rate.num * MICRO) / rate.den;
}

/** Money to show, from millionths of a minor unit: to the nearest, ties to the even one. */
export function roundHalfEven(micro: bigint): bigint {
  const floor = floorDiv(micro);
  const twice = (micro - floor * MICRO) * 2n;
  if (twice !== MICRO) return twice > MICRO ? floor + 1n : floor;
  return floor % 2n === 0n ? floor : floor + 1n;
}

/** Rounds towards the smaller number, also below zero. */
export function floorDiv(micro: bigint): bigint {
  const towardsZero = micro / MICRO;
  return micro % MICRO < 0n ? towardsZero - 1n : towardsZero;
}
