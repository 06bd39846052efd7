import { z } from 'zod';

/** Section `numberPlan`: how people of this country write their own numbers. */
export const numberPlanConfig = z.strictObject({
  countryCode: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, { message: 'is a country code of 1 to 3 digits in quotes, for example "7"' })
    .default('7')
    .describe('country code without plus'),
  trunkPrefix: z
    .string()
    .regex(/^\d{0,2}$/, { message: 'is at most 2 digits in quotes, for example "8"; "" when there is none' })
    .default('8')
    .describe('what is dialled before a national number'),
  nationalLength: z
    .int()
    .min(4)
    .max(13)
    .default(10)
    .describe('digits of a national number without the prefix'),
});

export type NumberPlanConfig = z.output<typeof numberPlanConfig>;
