import { z } from 'zod';

const milliseconds = (byDefault: number) => z.int().min(1).max(86_400_000).default(byDefault);

/** Section `ivr`: the voice front end, called by FreeSWITCH through `socket HOST:PORT async full`. */
export const ivrConfig = z.strictObject({
  enabled: z.boolean().default(true),
  host: z
    .string()
    .default('127.0.0.1')
    .describe(
      'address to listen on; whoever reaches it can pose as any caller, so keep it on loopback or a private link',
    ),
  port: z.int().min(0).max(65_535).default(8084),
  origin: z
    .enum(['network', 'untrusted'])
    .default('network')
    .describe(
      'untrusted: caller numbers are not vouched for, enquiries only; a dialplan lowers single trunks with bonusgate_origin=untrusted',
    ),
  callsMax: z
    .int()
    .min(1)
    .max(100_000)
    .default(500)
    .describe('further calls go on in the dialplan after `socket`'),
  commandTimeoutMs: milliseconds(5_000).describe('FreeSWITCH must answer each command within'),
  promptMaxMs: milliseconds(180_000).describe('longest single prompt'),
  callMaxMs: milliseconds(600_000).describe('longest whole call'),
  lingerS: z.int().min(1).max(60).default(3).describe('late events after a hang-up are awaited for so long'),
  drainTimeoutMs: milliseconds(30_000).describe('running calls may finish for so long when the daemon stops'),
  script: z.string().default('conf/ivr/main.yaml').describe('the call script'),
  sounds: z
    .strictObject({
      en: z
        .string()
        .regex(/^[A-Za-z0-9_./-]+$/)
        .default('/usr/share/freeswitch/sounds/bonusgate/en'),
      ru: z
        .string()
        .regex(/^[A-Za-z0-9_./-]+$/)
        .default('/usr/share/freeswitch/sounds/bonusgate/ru'),
    })
    .prefault({})
    .describe('sound folder of each language, as FreeSWITCH sees it'),
  soundsCheck: z
    .boolean()
    .default(false)
    .describe(
      'look for every sound file at start and warn of missing ones; for a FreeSWITCH on the same machine',
    ),
  zone: z.string().default('Europe/Moscow').describe('IANA zone in which dates are spoken'),
  smsSource: z
    .string()
    .min(1)
    .max(21)
    .default('2500')
    .describe('sender of the short message that tells a result which was not heard'),
});

export type IvrConfig = z.output<typeof ivrConfig>;
