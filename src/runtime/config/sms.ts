import { z } from 'zod';

/** Section `sms`: commands by short message. */
export const smsConfig = z.strictObject({
  keywords: z.string().min(1).default('conf/keywords.yaml').describe('the words of the commands'),
  texts: z
    .string()
    .min(1)
    .default('conf/texts')
    .describe('folder with the texts of each language, for all channels'),
  noticeSource: z
    .string()
    .min(1)
    .max(21)
    .default('2500')
    .describe('sender of messages that nobody asked for: "you have received points"'),
});

export type SmsConfig = z.output<typeof smsConfig>;
