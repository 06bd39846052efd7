import { z } from 'zod';
import { LANGUAGES } from '../../values/language.ts';
import { isZone, points } from './kinds.ts';

const transferLimits = z.strictObject({
  pointsMin: points(1).describe('smallest single transfer'),
  pointsMax: points(10_000).describe('largest single transfer'),
  dailyPointsMax: points(20_000).describe('points one subscriber may give away per day; 0: no limit'),
  dailyCountMax: z
    .int()
    .min(0)
    .max(10_000)
    .default(10)
    .describe('transfers of one subscriber per day; 0: no limit'),
  monthlyPointsMax: points(100_000).describe('points one subscriber may give away per month; 0: no limit'),
  fee: points(0).describe('points taken from the sender on top of every transfer'),
});

const earningRate = z.strictObject({
  event: z.enum(['purchase', 'payment']).describe('kind of event, as in POST /v1/events'),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .describe('ISO 4217 code of the amount'),
  points: points(1).describe('so many points'),
  perMinor: z.int().min(1).max(1_000_000_000).describe('for each so many minor units (1000: 10.00 RUB)'),
  carry: z.boolean().default(true).describe('keep what is left below one point for the next event'),
});

/** Section `programme`: what the bonus programme promises its members. */
export const programmeConfig = z.strictObject({
  name: z.string().min(1).max(40).default('Bonus').describe('as subscribers know it'),
  language: z.enum(LANGUAGES).default('en').describe('language of subscribers who have not chosen one'),
  zone: z
    .string()
    .refine(isZone, { message: 'is no IANA time zone, for example Europe/Moscow' })
    .default('Europe/Moscow')
    .describe('IANA time zone: days, months and expiry are counted in it'),
  expiry: z
    .strictObject({
      months: z.int().min(1).max(120).default(12).describe('how long earned points live'),
      at: z
        .enum(['month_end', 'day'])
        .default('month_end')
        .describe(
          'month_end: to the end of that month, which keeps the number of lots small; day: to the same day',
        ),
    })
    .prefault({}),
  transfer: transferLimits.prefault({}).describe('points from member to member'),
  confirmation: z
    .strictObject({
      codeFromPoints: points(0).describe(
        'by SMS, amounts from here on need the random code; below, a plain YES confirms',
      ),
      codeDigits: z.int().min(4).max(8).default(4).describe('length of that code'),
      attemptsMax: z.int().min(1).max(10).default(3).describe('wrong codes before the operation is dropped'),
      validMs: z
        .int()
        .min(60_000)
        .max(86_400_000)
        .default(600_000)
        .describe('an unconfirmed operation is dropped after'),
    })
    .prefault({})
    .describe('the second step of everything that moves points'),
  earning: z
    .array(earningRate)
    .prefault([
      { event: 'purchase', currency: 'RUB', points: 1, perMinor: 1_000, carry: true },
      { event: 'payment', currency: 'RUB', points: 1, perMinor: 10_000, carry: true },
    ])
    .describe('how many points an event earns; an event without a rate earns nothing'),
});

export type ProgrammeConfig = z.output<typeof programmeConfig>;
export type EarningRate = ProgrammeConfig['earning'][number];
