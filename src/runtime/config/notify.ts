import { z } from 'zod';

const milliseconds = (byDefault: number) => z.int().min(1).max(604_800_000).default(byDefault);
const MINUTE = 60_000;
const DAY = 86_400_000;

/** Section `notify`: how messages leave the outbox. */
export const notifyConfig = z
  .strictObject({
    leaseMs: milliseconds(30_000).describe('a message taken by a daemon that dies is taken by another after'),
    sendMaxMs: milliseconds(26_000).describe(
      'longest one attempt can take, all time-outs of the wire together',
    ),
    pollMs: milliseconds(1_000).describe('how often due messages are looked for'),
    claimMax: z.int().min(1).max(10_000).default(500).describe('messages taken from the table at a time'),
    inFlightMax: z.int().min(1).max(10_000).default(500).describe('messages given to the wires at a time'),
    queueMax: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(20_000)
      .describe('messages of each priority kept in memory; others wait in the table'),
    recheckAfterMs: milliseconds(5_000).describe(
      'a message that waited longer is sent only if the number still belongs to the same subscriber',
    ),
    retryMinMs: milliseconds(5_000).describe('first wait after the SMSC could not take a message; doubles'),
    retryMaxMs: milliseconds(5 * MINUTE),
    maxAgeMs: z
      .strictObject({
        reply: milliseconds(60 * MINUTE),
        service: milliseconds(DAY),
        campaign: milliseconds(DAY),
      })
      .prefault({})
      .describe('an older message is not sent any more'),
    resendUnknown: z
      .strictObject({
        reply: z.boolean().default(false),
        service: z.boolean().default(false),
        campaign: z.boolean().default(false),
      })
      .prefault({})
      .describe('send again when the SMSC did not answer: true may send twice, false may send nothing'),
    earlyReceiptMs: z
      .int()
      .min(MINUTE)
      .max(DAY)
      .default(10 * MINUTE)
      .describe('a receipt waits for its message so long'),
    stopTimeoutMs: milliseconds(10_000).describe(
      'messages in work may finish for so long when the daemon stops',
    ),
  })
  .refine(({ leaseMs, sendMaxMs }) => leaseMs > sendMaxMs, {
    path: ['leaseMs'],
    message: 'must be longer than sendMaxMs, or a message in work could be taken by another daemon',
  });

export type NotifyConfig = z.output<typeof notifyConfig>;
