import { z } from 'zod';
import { parseYaml, readYamlFile } from '../../runtime/config/yaml-file.ts';
import { LANGUAGES, type Language } from '../../values/language.ts';
import { foldWord, typingDistance } from './fold.ts';

export const KEYWORD_KINDS = [
  'balance',
  'history',
  'catalogue',
  'redeem',
  'orders',
  'give_back',
  'buy',
  'transfer',
  'confirm',
  'cancel',
  'language',
  'help',
] as const;
export type KeywordKind = (typeof KEYWORD_KINDS)[number];

/** The words of one short code, ready to look up. */
export interface KeywordTable {
  /** What a word or a few words stand for. */
  find(words: string): KeywordKind | undefined;
  /** What was probably meant by a mistyped word; only where exactly one kind is near. */
  findNear(word: string): KeywordKind | undefined;
  findLanguageName(word: string): Language | undefined;
  isFiller(word: string): boolean;
  /** How we name a command to a subscriber. */
  nameOf(kind: KeywordKind, language: Language): string;
  /** Words in the longest keyword. */
  readonly wordsMax: number;
}

export interface Keywords {
  forShortCode(shortCode: string): KeywordTable;
}

const word = z.union([z.string().min(1), z.number().transform(String)]);
const words = z.strictObject({ en: z.array(word).min(1), ru: z.array(word).min(1) });
const shape = z.strictObject({
  default: z.strictObject(
    Object.fromEntries(KEYWORD_KINDS.map((kind) => [kind, words])) as Record<KeywordKind, typeof words>,
  ),
  languageNames: words,
  fillers: z.array(word),
  shortCodes: z.record(z.string().regex(/^\d{2,15}$/), z.partialRecord(z.enum(KEYWORD_KINDS), words)),
});
type Shape = z.infer<typeof shape>;
type WordLists = Shape['default'];
type Complain = (path: readonly (string | number)[], message: string) => void;

/** Compiles while it checks, so that a word with two meanings is told with its line. */
const schema = shape.transform((value, context): Keywords => {
  const complain: Complain = (path, message) =>
    context.addIssue({ code: 'custom', path: [...path], message });
  const byDefault = compileTable(value, value.default, complain);
  const own = new Map(
    Object.entries(value.shortCodes).map(([code, lists]) => {
      const merged: WordLists = { ...value.default, ...lists };
      return [
        code,
        compileTable(value, merged, ([, ...at], message) => complain(['shortCodes', code, ...at], message)),
      ];
    }),
  );
  return { forShortCode: (shortCode) => own.get(shortCode) ?? byDefault };
});

/**
 * Loads the keywords.
 *
 * @throws ConfigError with file and line, also when one word stands for two commands
 */
export function loadKeywords(file: string): Keywords {
  return readYamlFile(file, schema);
}

/** As {@link loadKeywords}, from text already read. */
export function compileKeywords(file: string, source: string): Keywords {
  return parseYaml(source, file, schema);
}

function compileTable({ languageNames, fillers }: Shape, lists: WordLists, complain: Complain): KeywordTable {
  const kinds = new Map<string, KeywordKind>();
  const languages = new Map<string, Language>();
  for (const language of LANGUAGES) {
    for (const name of languageNames[language]) languages.set(foldWords(name), language);
  }
  for (const kind of KEYWORD_KINDS) {
    for (const language of LANGUAGES) {
      lists[kind][language].forEach((text, at) => {
        const folded = foldWords(text);
        const taken = kinds.get(folded) ?? (languages.has(folded) ? 'the name of a language' : kind);
        if (taken !== kind) {
          complain(['default', kind, language, at], `${text} already stands for ${taken}`);
          return;
        }
        kinds.set(folded, kind);
      });
    }
  }
  const idle = new Set(fillers.map(foldWord));
  return {
    find: (text) => kinds.get(foldWords(text)),
    findNear: (text) => nearest(kinds, foldWord(text)),
    findLanguageName: (text) => languages.get(foldWord(text)),
    isFiller: (text) => idle.has(foldWord(text)),
    nameOf: (kind, language) => lists[kind][language][0]!,
    wordsMax: Math.max(...[...kinds.keys()].map((key) => key.split(' ').length)),
  };
}

function foldWords(text: string): string {
  return text.trim().split(/\s+/).map(foldWord).join(' ');
}

function nearest(kinds: ReadonlyMap<string, KeywordKind>, typed: string): KeywordKind | undefined {
  const limit = typed.length >= 6 ? 2 : 1;
  if (typed.length < 4 || typed.length > 20) return undefined;
  const near = new Set<KeywordKind>();
  for (const [known, kind] of kinds) {
    if (known.length >= 4 && typingDistance(typed, known, limit) <= limit) near.add(kind);
  }
  return near.size === 1 ? [...near][0] : undefined;
}
