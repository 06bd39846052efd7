import { z } from 'zod';

/** Section `ussd`: the conversation; how a centre writes it is in its bind. */
export const ussdConfig = z.strictObject({
  menu: z.string().min(1).default('conf/menus/main.yaml').describe('the menu and its service codes'),
  dialogueMs: z
    .int()
    .min(10_000)
    .max(600_000)
    .default(180_000)
    .describe('a dialogue ends after so long, whatever happens in it; most centres end it themselves then'),
  answerMs: z
    .int()
    .min(5_000)
    .max(600_000)
    .default(60_000)
    .describe('how long a screen waits for its answer'),
  triesMax: z
    .int()
    .min(1)
    .max(10)
    .default(3)
    .describe('answers in a row that are not understood, before the dialogue ends'),
  smsSource: z
    .string()
    .min(1)
    .max(21)
    .default('2500')
    .describe('sender of the short message that tells a result which could not be shown'),
});

export type UssdConfig = z.output<typeof ussdConfig>;
