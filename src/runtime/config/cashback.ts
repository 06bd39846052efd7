import { z } from 'zod';

/** A key of the return URL. The first one signs, all verify, so that keys can be rotated without breaking links. */
export const returnKeyConfig = z.strictObject({
  id: z.int().min(0).max(255),
  secret: z.string().min(32).describe('at least 32 characters, for example 64 hex digits'),
});

/** Section `cashback`: the programme of partner shops and its offer page. */
export const cashbackConfig = z.strictObject({
  offerUrl: z
    .url({ protocol: /^https?$/ })
    .default('http://127.0.0.1:8080/offer')
    .describe('public address of the offer page, as browsers reach it'),
  title: z.string().min(1).max(60).default('Bonus Cashback').describe('name of the programme on the page'),
  colour: z
    .string()
    .regex(/^#[0-9A-Fa-f]{6}$/)
    .default('#0b6e4f')
    .describe('main colour of the page'),
  termsUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('full terms of the programme, linked from the offer'),
  quietDays: z.int().min(0).max(3_650).default(30).describe('an offer is not shown again for so long'),
  loopGuardParams: z
    .array(z.string().regex(/^[A-Za-z0-9_.-]+$/))
    .min(1)
    .default(['bg_return'])
    .describe('a request with one of these query parameters passes; the first is added to return URLs'),
  returnValidityMs: z
    .int()
    .min(60_000)
    .max(86_400_000)
    .default(3_600_000)
    .describe('how long an offer can be answered'),
  returnKeys: z
    .array(returnKeyConfig)
    .min(1)
    .describe('keys of the signed return URL, the signing one first'),
});

export type CashbackConfig = z.output<typeof cashbackConfig>;
export type ReturnKey = z.output<typeof returnKeyConfig>;
