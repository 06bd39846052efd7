import { daysBetween, localDay, localHour, localMonth, localWeekday, monthsBetween } from './local-time.ts';
import { re2Matches } from './re2.ts';
import type { ValueType } from './value.ts';

/** A pure function that rules may call. Instants are whole milliseconds since 1970. */
export interface Helper {
  readonly name: string;
  readonly params: readonly Exclude<ValueType, 'strings'>[];
  readonly result: Exclude<ValueType, 'strings'>;
  readonly description: string;
  // Each function knows its own parameters; the engine checks them against `params` before it calls.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly run: (...args: any[]) => bigint | boolean | string;
}

const PPM = 1_000_000n;

/** Rounds towards minus infinity, unlike the division of CEL, which rounds towards zero. */
function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor !== 0n && dividend < 0n !== divisor < 0n ? quotient - 1n : quotient;
}

/** The helper that takes a pattern; its pattern must stand in the rule, so that it is checked at publish. */
export const PATTERN_HELPER = 're_find';

export const HELPERS: readonly Helper[] = [
  {
    name: 'min',
    params: ['int', 'int'],
    result: 'int',
    description: 'the smaller of two numbers',
    run: (a: bigint, b: bigint) => (a < b ? a : b),
  },
  {
    name: 'max',
    params: ['int', 'int'],
    result: 'int',
    description: 'the larger of two numbers',
    run: (a: bigint, b: bigint) => (a > b ? a : b),
  },
  {
    name: 'share_ppm',
    params: ['int', 'int'],
    result: 'int',
    description: 'so many millionths of a number, rounded down (200000 is 20 %)',
    run: (amount: bigint, ppm: bigint) => floorDivide(amount * ppm, PPM),
  },
  {
    name: 'days_between',
    params: ['int', 'int', 'string'],
    result: 'int',
    description: 'midnights of the zone between two instants',
    run: daysBetween,
  },
  {
    name: 'months_between',
    params: ['int', 'int', 'string'],
    result: 'int',
    description: 'full months of the zone between two instants',
    run: monthsBetween,
  },
  {
    name: 'local_hour',
    params: ['int', 'string'],
    result: 'int',
    description: 'hour of the day in the zone, 0 to 23',
    run: localHour,
  },
  {
    name: 'local_weekday',
    params: ['int', 'string'],
    result: 'int',
    description: 'day of the week in the zone, 1 is Monday',
    run: localWeekday,
  },
  {
    name: 'local_day',
    params: ['int', 'string'],
    result: 'int',
    description: 'day of the month in the zone, 1 to 31',
    run: localDay,
  },
  {
    name: 'local_month',
    params: ['int', 'string'],
    result: 'int',
    description: 'month in the zone, 1 to 12',
    run: localMonth,
  },
  {
    name: PATTERN_HELPER,
    params: ['string', 'string'],
    result: 'bool',
    description: 'whether an RE2 pattern occurs in a text',
    run: re2Matches,
  },
];
