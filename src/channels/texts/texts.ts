import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ConfigError, type ConfigProblem } from '../../runtime/config/problem.ts';
import { parseYaml } from '../../runtime/config/yaml-file.ts';
import { LANGUAGES, type Language } from '../../values/language.ts';
import { TEXT_ARGUMENTS, TEXT_KEYS, type TextKey } from './keys.ts';
import { compileWording, sayWording, type TextValues, type Wording } from './wording.ts';

/** Says what has a name, in a language. Pure once loaded: usable inside a ledger decision. */
export interface Texts {
  /** Never throws: of a text's variants, the first whose arguments are all given is used. */
  say(key: TextKey, language: Language, values?: TextValues): string;
}

const wording = z.string().min(1);
const fileShape = z.record(
  z.string(),
  z.union([wording, z.record(z.string(), z.union([wording, z.array(wording).min(1)]))]),
);
type FileShape = z.infer<typeof fileShape>;

type Compiled = ReadonlyMap<string, readonly Wording[]>;

/**
 * Loads `en.yaml`, `ru.yaml`, ... from a folder.
 *
 * @throws ConfigError naming file, line and key of each missing, unknown or inconsistent text
 */
export function loadTexts(folder: string): Texts {
  const sources = LANGUAGES.map((language) => {
    const file = path.join(folder, `${language}.yaml`);
    return [language, { file, source: readFileSync(file, 'utf8') }] as const;
  });
  return compileTexts(Object.fromEntries(sources) as Record<Language, { file: string; source: string }>);
}

/** As {@link loadTexts}, from text already read. */
export function compileTexts(sources: Readonly<Record<Language, { file: string; source: string }>>): Texts {
  const compiled = new Map<Language, Compiled>();
  for (const language of LANGUAGES) {
    const { file, source } = sources[language];
    compiled.set(language, parseYaml(source, file, fileSchema(language)));
  }
  const problems = compareLanguages(compiled, sources);
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    say: (key, language, values = {}) => sayWording(compiled.get(language)!.get(key)!, values),
  };
}

type Complain = (message: string, path: readonly string[]) => void;

/** The schema of a language file compiles it too, so that a broken wording is told with its line. */
function fileSchema(language: Language) {
  return fileShape.transform((value, context): Compiled => {
    const complain: Complain = (message, at) => context.addIssue({ code: 'custom', path: [...at], message });
    const compiled = new Map<string, readonly Wording[]>();
    for (const [key, { wordings, at }] of flatten(value)) {
      if (!(TEXT_KEYS as readonly string[]).includes(key)) {
        complain('no such text', at);
        continue;
      }
      const variants = wordings.map((text) => compileOne(language, text, at, complain));
      const found = variants.filter((variant) => variant !== undefined);
      checkVariants(key as TextKey, found, at, complain);
      compiled.set(key, found);
    }
    for (const key of TEXT_KEYS) if (!compiled.has(key)) complain(`text ${key} is missing`, []);
    return compiled;
  });
}

function* flatten(value: FileShape): Generator<[string, { wordings: readonly string[]; at: string[] }]> {
  for (const [section, content] of Object.entries(value)) {
    if (typeof content === 'string') {
      yield [section, { wordings: [content], at: [section] }];
      continue;
    }
    for (const [name, text] of Object.entries(content)) {
      yield [`${section}.${name}`, { wordings: [text].flat(), at: [section, name] }];
    }
  }
}

function compileOne(
  language: Language,
  text: string,
  at: readonly string[],
  complain: Complain,
): Wording | undefined {
  try {
    return compileWording(language, text);
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error), at);
    return undefined;
  }
}

function checkVariants(
  key: TextKey,
  variants: readonly Wording[],
  at: readonly string[],
  complain: Complain,
): void {
  const refused = key.startsWith('refused.');
  if (refused && (variants.at(-1)?.names.length ?? 0) > 0) {
    complain('the last wording of a refusal must need no argument', at);
  }
  if (refused) return;
  if (variants.length > 1) complain('only refusals have several wordings', at);
  const known: readonly string[] = TEXT_ARGUMENTS[key as keyof typeof TEXT_ARGUMENTS];
  for (const name of variants.flatMap((variant) => variant.names)) {
    if (!known.includes(name)) complain(`argument {${name}} is not given to this text`, at);
  }
}

function compareLanguages(
  compiled: ReadonlyMap<Language, Compiled>,
  sources: Readonly<Record<Language, { file: string }>>,
): ConfigProblem[] {
  const [first, ...others] = LANGUAGES;
  const needs = (language: Language, key: string): string =>
    compiled
      .get(language)!
      .get(key)!
      .map(({ names }) => `{${names.join(', ')}}`)
      .join(' or ');
  return others.flatMap((other) =>
    TEXT_KEYS.flatMap((key) => {
      const [here, there] = [needs(first, key), needs(other, key)];
      if (here === there) return [];
      const message = `uses ${there}, but ${sources[first].file} uses ${here}`;
      return [{ file: sources[other].file, line: 1, column: 1, key, message }];
    }),
  );
}
