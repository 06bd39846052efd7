import { z } from 'zod';
import { milliseconds, points } from './kinds.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOTICE_CHANNELS = ['push', 'sms', 'mail'] as const;

/** A local time of day, `21:30`, handed over as minutes since midnight. */
const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'write hours and minutes, for example 21:30')
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

const chain = z.array(z.enum(NOTICE_CHANNELS)).min(1);

const told = (send = true) =>
  z
    .strictObject({
      send: z.boolean().default(send),
      pointsMin: points(1).describe('smaller movements are not told'),
    })
    .prefault({});

const push = z
  .strictObject({
    enabled: z.boolean().default(false),
    source: z.string().min(1).max(20).default('*100#').describe('service code that the centre knows us by'),
    smsc: z.string().optional().describe('name of the SMSC entry whose bind reaches the USSD centre'),
    confirmMs: milliseconds(30_000).describe('for one push, until the centre tells that it was shown'),
  })
  .prefault({})
  .describe('network-initiated USSD over an SMPP bind');

const mail = z
  .strictObject({
    enabled: z.boolean().default(false),
    host: z.string().min(1).default('127.0.0.1'),
    port: z.int().min(1).max(65_535).default(587),
    secure: z.boolean().default(false).describe('TLS from the first octet (port 465)'),
    requireTls: z.boolean().default(true).describe('refuse to send before STARTTLS'),
    user: z.string().optional(),
    password: z.string().optional(),
    from: z.string().min(3).max(254).default('bonus@localhost').describe('sender of the e-mails'),
    connectionsMax: z.int().min(1).max(100).default(4),
    timeoutMs: milliseconds(20_000).describe('for connecting, greeting and each answer of the server'),
    sendMaxMs: milliseconds(MINUTE).describe('for one e-mail, all together'),
  })
  .prefault({})
  .describe('e-mail over SMTP');

/** Section `notices`: what subscribers are told without having asked, where and when. */
export const noticesConfig = z
  .strictObject({
    texts: z.string().min(1).default('conf/texts/notices').describe('folder of the wordings'),
    operations: z
      .strictObject({
        earn: told(),
        redeem: told(),
        transferOut: told(),
        transferIn: told(),
        adjust: told(),
        reverse: told(),
        buy: told(),
        expire: told(false),
      })
      .prefault({})
      .describe('movements of points that are told'),
    digest: z
      .strictObject({
        enabled: z
          .boolean()
          .default(false)
          .describe('earnings of a day in one notice; subscribers may choose otherwise'),
        at: timeOfDay.prefault('19:00').describe("local time in the subscriber's zone"),
      })
      .prefault({}),
    chains: z
      .strictObject({
        service: chain.default(['push', 'sms', 'mail']),
        legal: chain.default(['sms', 'mail']),
        marketing: chain.default(['sms', 'mail']),
      })
      .prefault({})
      .describe('the next channel is tried when one failed or did not confirm in time'),
    templates: z
      .record(z.string(), z.strictObject({ chain }))
      .default({})
      .describe('another chain for single notices, by their name'),
    confirmMs: z
      .strictObject({
        push: milliseconds(MINUTE),
        sms: milliseconds(15 * MINUTE),
        mail: milliseconds(HOUR),
        requested: milliseconds(MINUTE).describe('... for what the subscriber waits for, like a code'),
      })
      .prefault({})
      .describe('a channel has so long to deliver before the next one is tried'),
    maxAgeMs: z
      .strictObject({
        service: z
          .int()
          .min(MINUTE)
          .max(30 * DAY)
          .default(DAY),
        legal: z
          .int()
          .min(MINUTE)
          .max(30 * DAY)
          .default(7 * DAY),
        marketing: z
          .int()
          .min(MINUTE)
          .max(30 * DAY)
          .default(3 * DAY),
      })
      .prefault({})
      .describe('an older notice is not begun any more'),
    quietHours: z
      .strictObject({ from: timeOfDay.prefault('21:00'), to: timeOfDay.prefault('09:00') })
      .prefault({})
      .describe("marketing waits until they are over, in the subscriber's zone; equal ends mean none"),
    smsSource: z.string().min(1).max(21).default('2500').describe('sender of notices by SMS'),
    smsc: z.string().optional().describe('name of the SMSC entry for notices; any when absent'),
    push,
    mail,
    pollMs: milliseconds(1_000).describe('how often due notices are looked for'),
    leaseMs: milliseconds(2 * MINUTE).describe(
      'a notice taken by a daemon that dies is taken by another after',
    ),
    claimMax: z.int().min(1).max(1_000).default(200).describe('notices taken at a time'),
    inFlightMax: z.int().min(1).max(1_000).default(50).describe('pushes and e-mails under way at a time'),
  })
  .refine(({ leaseMs, mail, push }) => leaseMs > Math.max(mail.sendMaxMs, push.confirmMs), {
    path: ['leaseMs'],
    message:
      'must be longer than mail.sendMaxMs and push.confirmMs, or a notice in work could be taken by another daemon',
  });

export type NoticesConfig = z.output<typeof noticesConfig>;
