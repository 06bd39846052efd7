import { z } from 'zod';

const milliseconds = (byDefault: number) => z.int().min(1_000).max(2_592_000_000).default(byDefault);

/** Section `partners`: the joint programme. Partners and their agreements are data, see docs/programme/partners.md. */
export const partnersConfig = z.strictObject({
  secret: z
    .string()
    .min(32)
    .optional()
    .describe(
      "what partners' secrets follow from, at least 32 characters; generated in the state folder when absent, the same for all daemons",
    ),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .default('RUB')
    .describe('ISO 4217 code: purchases at partners are reported and settled in it'),
  signatureWindowMs: milliseconds(300_000).describe(
    'a signed request may be so old or so far ahead; for as long its nonce is remembered',
  ),
  holdMs: milliseconds(900_000).describe(
    'points are held for a purchase for so long when the partner does not say',
  ),
  holdMaxMs: milliseconds(604_800_000).describe('and never for longer than this'),
  clearing: z
    .strictObject({
      closeAfterDays: z
        .union([z.int().min(0).max(28), z.literal('never')])
        .default(3)
        .describe('a month is closed by itself so many days after its end; never: by staff'),
      toleranceMinor: z
        .int()
        .min(0)
        .max(100_000)
        .default(0)
        .describe("a partner's own sum that differs by no more minor units confirms the statement"),
    })
    .prefault({}),
});

export type PartnersConfig = z.output<typeof partnersConfig>;
