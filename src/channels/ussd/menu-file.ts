import { z } from 'zod';
import { parseYaml, readYamlFile } from '../../runtime/config/yaml-file.ts';
import { LANGUAGES, type Language } from '../../values/language.ts';
import type { Command } from '../command.ts';

const label = z.strictObject({ en: z.string().min(1), ru: z.string().min(1) });
const run = z.enum(['balance', 'history', 'catalogue', 'orders', 'help', 'language.en', 'language.ru']);
const key = z
  .string()
  .regex(/^[1-9]\d?$/, { message: 'must be a number from 1 to 98 in quotes' })
  .refine((value) => value !== '99', { message: '99 goes to the next page' });

const item = z.union([z.strictObject({ key, label, run }), z.strictObject({ key, label, open: z.string() })]);
const itemsScreen = z.strictObject({ text: label, items: z.array(item).min(1) });
const listScreen = z.strictObject({ text: label, list: z.enum(['catalogue', 'orders']) });
const askScreen = z.strictObject({ text: label, ask: z.enum(['msisdn', 'points']), then: z.string() });

const shape = z.strictObject({
  codes: z
    .record(
      z.string().regex(/^\*\d{2,5}(\*\d+)*#$/, { message: 'is not a service code like *100#' }),
      z.string(),
    )
    .refine((codes) => Object.keys(codes).length > 0, { message: 'at least one code is needed' }),
  screens: z.record(z.string().regex(/^[a-z][a-z0-9_]*$/), z.union([itemsScreen, listScreen, askScreen])),
});

/** What a number of points may be asked for at the end. */
const POINTS_ACTIONS: readonly string[] = ['transfer', 'buy'];

/** A menu as its file says it, references checked. */
export type MenuFile = z.infer<typeof shape>;
export type Screen = MenuFile['screens'][string];
export type ItemsScreen = z.infer<typeof itemsScreen>;
export type AskScreen = z.infer<typeof askScreen>;
export type MenuItem = z.infer<typeof item>;
export type RunName = z.infer<typeof run>;

const schema = shape.superRefine((menu, context) => {
  const complain = (path: (string | number)[], message: string): void =>
    context.addIssue({ code: 'custom', path, message });
  const needs = (screen: string, path: (string | number)[]): void => {
    if (!Object.hasOwn(menu.screens, screen)) complain(path, `there is no screen ${screen}`);
  };
  for (const [code, screen] of Object.entries(menu.codes)) needs(screen, ['codes', code]);
  for (const [name, screen] of Object.entries(menu.screens)) checkScreen(name, screen, needs, complain);
});

function checkScreen(
  name: string,
  screen: Screen,
  needs: (screen: string, path: (string | number)[]) => void,
  complain: (path: (string | number)[], message: string) => void,
): void {
  if ('items' in screen) {
    screen.items.forEach((entry, at) => {
      const path = ['screens', name, 'items', at];
      if ('open' in entry) needs(entry.open, [...path, 'open']);
      if (screen.items.findIndex((other) => other.key === entry.key) < at) {
        complain([...path, 'key'], `key ${entry.key} is used twice on this screen`);
      }
    });
  }
  if ('ask' in screen && !(screen.ask === 'points' && POINTS_ACTIONS.includes(screen.then))) {
    needs(screen.then, ['screens', name, 'then']);
  }
}

/** @throws ConfigError with file and line */
export function loadMenu(file: string): MenuFile {
  return readYamlFile(file, schema);
}

/** As {@link loadMenu}, from text already read. */
export function parseMenu(source: string, file: string): MenuFile {
  return parseYaml(source, file, schema);
}

export function commandOf(name: RunName): Command {
  const language = LANGUAGES.find((known: Language) => name === `language.${known}`);
  if (language !== undefined) return { kind: 'language', language };
  return { kind: name as 'balance' | 'history' | 'catalogue' | 'orders' | 'help' };
}
