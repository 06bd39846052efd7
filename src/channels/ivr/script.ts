import { z } from 'zod';
import { LANGUAGES } from '../../values/language.ts';
import { PHRASE_NAMES, type PhraseName } from './phrases.ts';

const fileName = z
  .string()
  .regex(/^[a-z0-9]+(?:[/-][a-z0-9]+)*$/, 'a sound file without folder and ending: menu/main');
const valueName = z.string().regex(/^[a-z][A-Za-z]*$/);
const language = z.enum(LANGUAGES);

/** One piece of a prompt; a bare name is a file. */
const piece = z.union([
  fileName.transform((file) => ({ file })),
  z.strictObject({ file: fileName, in: language.optional() }),
  z.strictObject({ number: z.union([valueName, z.int()]) }),
  z.strictObject({ points: valueName }),
  z.strictObject({ date: valueName }),
  z.strictObject({ day: valueName }),
  z.strictObject({ digits: valueName }),
  z.strictObject({ item: valueName }),
  z.strictObject({ phrase: z.enum(PHRASE_NAMES as [PhraseName, ...PhraseName[]]) }),
]);

const prompt = z.partialRecord(language, z.array(piece).min(1));

const keyAction = z.union([
  z.enum(['back', 'top', 'repeat', 'operator', 'hangup']),
  z.strictObject({ submenu: z.string() }),
  z.strictObject({ operation: z.enum(['balance', 'history', 'catalogue', 'transfer', 'help']) }),
  z.strictObject({ language }),
]);

const menu = z.strictObject({
  prompt,
  bargeIn: z.boolean().default(true),
  keys: z.record(z.string().regex(/^[0-9*]$/, 'one key: 0 to 9 or *'), keyAction),
});

/** A call script: menus, words and limits, as data. */
export const scriptSchema = z.strictObject({
  defaultLanguage: language,
  start: z.string(),
  operator: z
    .string()
    .regex(/^[A-Za-z0-9_*#+-]{1,32}$/)
    .optional(),
  firstDigitMs: z.int().min(1_000).max(60_000).default(5_000),
  interDigitMs: z.int().min(1_000).max(60_000).default(3_000),
  noInputMax: z.int().min(1).max(10).default(3),
  noMatchMax: z.int().min(1).max(10).default(3),
  pinAttemptsMax: z.int().min(1).max(10).default(3),
  pinLength: z.tuple([z.int().min(1), z.int().max(16)]).default([4, 8]),
  historyMax: z.int().min(1).max(20).default(5),
  expiringMax: z.int().min(1).max(10).default(3),
  menus: z.record(z.string(), menu),
  phrases: z.partialRecord(z.enum(PHRASE_NAMES as [PhraseName, ...PhraseName[]]), prompt),
  /** Catalogue item code to the recording of its name; an item without one is called by its number. */
  items: z.record(z.string(), fileName).default({}),
});

export type CallScript = z.output<typeof scriptSchema>;
export type Menu = CallScript['menus'][string];
export type KeyAction = Menu['keys'][string];
export type Piece = z.output<typeof piece>;
export type PromptText = z.output<typeof prompt>;
