import { z } from 'zod';
import { LANGUAGES } from '../../values/language.ts';
import { isZone, points, requiredPoints } from './kinds.ts';

const allowance = (count: number, amount: number) =>
  z
    .strictObject({
      count: z.int().min(0).max(1_000_000).default(count).describe('transfers, at most'),
      points: points(amount).describe('points in all of them, at most'),
    })
    .prefault({});

const transferRules = z.strictObject({
  feePpm: points(0).describe(
    'taken from the sender on top, in millionths of the points sent, rounded down (10000: 1 %)',
  ),
  pointsMin: points(1).describe('smallest single transfer'),
  pointsMax: points(10_000).describe('largest single transfer'),
  perDay: allowance(10, 20_000).describe('what one subscriber may send in a day of the zone'),
  perMonth: allowance(100, 100_000).describe('what one subscriber may send in a month of the zone'),
  received: z
    .strictObject({
      perDay: allowance(50, 50_000).describe('what one subscriber may get in a day of the zone'),
      perMonth: allowance(500, 250_000).describe('what one subscriber may get in a month of the zone'),
    })
    .prefault({})
    .describe('limits on the side of whoever gets points'),
});

const buyingRules = z.strictObject({
  points: requiredPoints(1).describe('so many points ...'),
  minor: requiredPoints(1).describe('... for so many minor units of money; the sum is rounded up'),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .describe('ISO 4217 code of the money'),
  pointsMin: points(1).describe('smallest purchase'),
  pointsMax: points(10_000).describe('largest purchase'),
  perMonth: points(20_000).describe('what one subscriber may buy in a month of the zone'),
});

const earningRate = z.strictObject({
  rule: z
    .int()
    .min(1)
    .max(60_000)
    .describe('number of the rate, for ever: what is left below one point is kept under it'),
  event: z.string().min(1).max(40).describe('type of event, as in POST /v1/events, for example purchase'),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .describe('ISO 4217 code of the amount'),
  minorPerPoint: requiredPoints(1).describe('one point for each of these minor units (1000: each 10.00 RUB)'),
  dailyCap: requiredPoints(1).optional().describe('points that one subscriber can earn by it in a day'),
});

const monthAndDay = z
  .string()
  .regex(/^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'month and day, for example "12-31"')
  .describe('month and day, for example "12-31"');

const expiry = z
  .union([
    z.strictObject({
      policy: z
        .enum(['rolling', 'activity'])
        .default('rolling')
        .describe('rolling: since they were given; activity: since the member last earned or used any'),
      after: z.int().min(0).max(3_650).describe('so many months or days'),
      unit: z
        .enum(['months', 'days'])
        .describe('months: to the end of that month; days: to the end of that day'),
    }),
    z.strictObject({
      policy: z.literal('calendar').describe('all points to the same date'),
      date: monthAndDay,
      monthsMin: z.int().min(0).max(24).default(0).describe('or to that date a year later when it is nearer'),
    }),
    z.strictObject({
      policy: z
        .literal('anniversary')
        .describe('to the end of the day on which the member joined, in some year'),
      monthsMin: z.int().min(0).max(24).default(0).describe('or a year later when it is nearer'),
    }),
    z.literal('never'),
  ])
  .default({ policy: 'rolling', after: 12, unit: 'months' })
  .describe(
    'how long points live: `never`, or so many months or days, to the end of that month or day in the zone',
  );

/** Section `programme`: what the bonus programme promises its members. */
export const programmeConfig = z
  .strictObject({
    name: z.string().min(1).max(40).default('Bonus').describe('as subscribers know it'),
    language: z.enum(LANGUAGES).default('en').describe('language of subscribers who have not chosen one'),
    zone: z
      .string()
      .refine(isZone, { message: 'is no IANA time zone, for example Europe/Moscow' })
      .default('Europe/Moscow')
      .describe('IANA time zone: days, months and expiry are counted in it'),
    expiry,
    expiryWarning: z
      .strictObject({
        daysBefore: z
          .int()
          .min(0)
          .max(60)
          .default(14)
          .describe('members are told so many days before; 0: never'),
        required: z
          .boolean()
          .default(false)
          .describe(
            'points whose owner was not reached by then live on for graceDays, and the owner is told again',
          ),
        graceDays: z.int().min(2).max(366).default(30),
      })
      .refine(({ required, daysBefore }) => !required || daysBefore > 1, {
        path: ['daysBefore'],
        message: 'must be 2 or more when a warning is required, so that it can arrive',
      })
      .prefault({})
      .describe('before points lapse'),
    codeFrom: points(0).describe('by SMS, from so many points on only the random code confirms'),
    pendingTtlMs: z
      .int()
      .min(60_000)
      .max(86_400_000)
      .default(600_000)
      .describe('an operation that is not confirmed is dropped after'),
    transfer: transferRules.prefault({}).describe('points from member to member'),
    buying: buyingRules.optional().describe('points for money of the billing account; absent: not sold'),
    debtSharePpm: points(1_000_000).describe('share of new points that pays off a debt first, in millionths'),
    earning: z
      .array(earningRate)
      .prefault([
        { rule: 1, event: 'purchase', currency: 'RUB', minorPerPoint: 1_000 },
        { rule: 2, event: 'payment', currency: 'RUB', minorPerPoint: 10_000 },
      ])
      .describe('how many points an event earns; an event without a rate earns nothing'),
  })
  .superRefine(({ transfer, earning }, context) => {
    const complain = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    if (transfer.pointsMax < transfer.pointsMin) {
      complain(['transfer', 'pointsMax'], `must not be below pointsMin (${String(transfer.pointsMin)})`);
    }
    earning.forEach(({ rule, event, currency }, index) => {
      const earlier = earning.slice(0, index);
      if (earlier.some((other) => other.rule === rule))
        complain(['earning', index, 'rule'], `${rule} is already used above`);
      if (earlier.some((other) => other.event === event && other.currency === currency)) {
        complain(['earning', index, 'event'], `there is already a rate for ${event} in ${currency}`);
      }
    });
  });

export type ProgrammeConfig = z.output<typeof programmeConfig>;
