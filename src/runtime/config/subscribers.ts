import { z } from 'zod';

/** Section `subscribers`: new subscribers' defaults and the rules of the PIN. */
export const subscribersConfig = z.strictObject({
  secret: z
    .string()
    .min(32)
    .optional()
    .describe(
      'key of the PIN verifiers, at least 32 characters, kept outside the database; generated in the state folder when absent',
    ),
  pin: z
    .strictObject({
      attemptsMax: z.int().min(1).max(10).default(3).describe('wrong PINs in a row before the lock-out'),
      lockMs: z.int().min(1_000).max(86_400_000).default(900_000).describe('how long the lock-out lasts'),
      sprayWindowMs: z.int().min(1_000).max(86_400_000).default(300_000),
      sprayFailuresMax: z
        .int()
        .min(10)
        .max(1_000_000)
        .default(500)
        .describe('wrong PINs of all subscribers in one window after which no PIN is checked until it ends'),
    })
    .prefault({}),
});

export type SubscribersConfig = z.output<typeof subscribersConfig>;
export type PinConfig = SubscribersConfig['pin'];
