import { z } from 'zod';

/** Section `earning`: what an installation decides about events and assessments; the rules themselves are data. */
export const earningConfig = z.strictObject({
  backdateDaysMax: z
    .int()
    .min(0)
    .max(62)
    .default(62)
    .describe(
      'an event that happened longer ago than so many days is refused; ids of events are known so long',
    ),
  birthdays: z
    .boolean()
    .default(true)
    .describe('each day tell the event birthday of members whose parameter birthday is that day'),
  assessment: z
    .union([
      z.literal('never'),
      z.strictObject({
        every: z.enum(['day', 'month']).describe('month: on its first day'),
        hour: z.int().min(0).max(23).default(3).describe('local hour of the programme from which it runs'),
      }),
    ])
    .default('never')
    .describe('when the rules of the scheduled assessment run, as of the local midnight before'),
});

export type EarningConfig = z.output<typeof earningConfig>;
