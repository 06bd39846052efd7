import path from 'node:path';
import { z } from 'zod';
import type { NoticeWords, WordNotice } from '../../notify/ports.ts';
import { templateOf, TEMPLATES, type VariableValue } from '../../notify/templates.ts';
import { readYamlFile } from '../../runtime/config/yaml-file.ts';
import { later, type Instant } from '../../values/instant.ts';
import { LANGUAGES, type Language } from '../../values/language.ts';
import { formatDay } from './numbers.ts';
import { compileWording, sayWording, type TextValues, type Wording } from './wording.ts';

const wording = z.string().min(1);
const PARTS = ['sms', 'push', 'mail', 'subject'] as const;
type Part = (typeof PARTS)[number];

const fileShape = z.record(
  z.string(),
  z.union([
    wording,
    z.strictObject({
      sms: wording,
      push: wording.optional(),
      mail: wording.optional(),
      subject: wording.optional(),
    }),
  ]),
);

/** The general subject stands beside the notices under this name. */
const SUBJECT = 'subject';
type Notices = ReadonlyMap<string, Partial<Record<Part, Wording>>>;

/**
 * Loads `en.yaml`, `ru.yaml`, ... of the notices from a folder.
 *
 * @throws ConfigError naming file, line and key of each missing, unknown or inconsistent wording
 */
export function loadNoticeTexts(folder: string): WordNotice {
  const languages = new Map<Language, Notices>();
  for (const language of LANGUAGES) {
    languages.set(language, readYamlFile(path.join(folder, `${language}.yaml`), noticesOf(language)));
  }
  return ({ template, channel, language, zone, variables }) => {
    const notices = languages.get(language)!;
    const parts = notices.get(template);
    if (parts?.sms === undefined) return undefined;
    const values = readable(template, variables, language, zone);
    const words: NoticeWords = {
      subject: sayWording([parts.subject ?? notices.get(SUBJECT)!.sms!], values),
      text: sayWording([parts[channel] ?? parts.sms], values),
    };
    return words;
  };
}

/** The schema of a language file compiles it too, so that a broken wording is told with its line. */
function noticesOf(language: Language) {
  return fileShape.transform((file, context): Notices => {
    const notices = new Map<string, Partial<Record<Part, Wording>>>();
    const complain = (message: string, ...at: string[]): void =>
      context.addIssue({ code: 'custom', path: at, message });
    for (const [key, content] of Object.entries(file)) {
      if (key !== SUBJECT && templateOf(key) === undefined) complain('no such notice', key);
      const parts: { readonly [Name in Part]?: string | undefined } =
        typeof content === 'string' ? { sms: content } : content;
      const compiled: Partial<Record<Part, Wording>> = {};
      for (const part of PARTS) {
        const text = parts[part];
        if (text === undefined) continue;
        const at = typeof content === 'string' ? [key] : [key, part];
        try {
          compiled[part] = compileWording(language, text);
          checkNames(key, compiled[part].names, (message) => complain(message, ...at));
        } catch (error) {
          complain(error instanceof Error ? error.message : String(error), ...at);
        }
      }
      notices.set(key, compiled);
    }
    for (const key of [SUBJECT, ...Object.keys(TEMPLATES)]) {
      if (!notices.has(key)) complain(`notice ${key} is missing`);
    }
    return notices;
  });
}

function checkNames(key: string, names: readonly string[], complain: (message: string) => void): void {
  const given = Object.keys(templateOf(key)?.variables ?? {});
  for (const name of names) {
    if (!given.includes(name)) complain(`value {${name}} is not given to this notice`);
  }
}

/** Days as the reader's zone and language write them; they are stored as the midnight that ends them. */
function readable(
  template: string,
  variables: Readonly<Record<string, VariableValue>>,
  language: Language,
  zone: string,
): TextValues {
  const types = templateOf(template)?.variables ?? {};
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      types[name] === 'day' ? formatDay(later(value as Instant, -1), language, zone) : value,
    ]),
  );
}
