import { z } from 'zod';

const days = (least: number, byDefault: number) => z.int().min(least).max(3_650).default(byDefault);

/** Section `retention`: how long rows are kept that are needed for a while only. Transfers and postings are for ever. */
export const retentionConfig = z.strictObject({
  requestDays: days(64, 64).describe(
    'answers stored under their request keys; keys are good for 62 days, so never less than 64',
  ),
  moDays: days(2, 3).describe('fingerprints of short messages; a redelivery counts as the same for one day'),
  pendingDays: days(1, 7).describe('operations that waited for a confirmation, after their time was over'),
  messageDays: days(3, 30).describe('messages that were sent or given up, and their delivery receipts'),
  chunk: z
    .int()
    .min(10)
    .max(50_000)
    .default(2_000)
    .describe('rows removed in one statement, so that no lock is held for long'),
});

export type RetentionConfig = z.output<typeof retentionConfig>;
