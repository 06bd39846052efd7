import { IntlMessageFormat, type Formatters } from 'intl-messageformat';
import type { Language } from '../../values/language.ts';
import { groupDigits } from './numbers.ts';

/** What a text is filled in with. Points are given as bigint, everything else ready to read. */
export type TextValues = Readonly<Record<string, string | number | bigint>>;

/** One wording in one language, with the arguments it needs. */
export interface Wording {
  readonly message: IntlMessageFormat;
  readonly names: readonly string[];
}

/** @throws Error that tells what is wrong with the ICU syntax */
export function compileWording(language: Language, text: string): Wording {
  const message = new IntlMessageFormat(text, language, undefined, {
    formatters: FORMATTERS,
    ignoreTag: true,
  });
  return { message, names: [...argumentNames(message.getAst())].sort() };
}

/** Never throws: of several wordings, the first whose arguments are all given is used. */
export function sayWording(variants: readonly Wording[], values: TextValues): string {
  const fitting = variants.find(({ names }) => names.every((name) => values[name] !== undefined));
  const { message } = fitting ?? variants.at(-1)!;
  // Points stay below 2^53 (POINTS_MAX), so the conversion for plural rules is exact.
  const plain = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === 'bigint' ? Number(value) : value,
  ]);
  try {
    return String(message.format(Object.fromEntries(plain) as Record<string, string | number>)).trim();
  } catch {
    // An argument of the wrong type: a reply without its number is better than none.
    return literalPart(variants.at(-1)!);
  }
}

function literalPart({ message }: Wording): string {
  const elements = message.getAst() as readonly AstElement[];
  return elements.map((element) => (element.type === 0 ? element.value : '')).join('');
}

/** The parts of formatjs' syntax tree that matter here: 0 literal, 5 select, 6 plural, 7 the `#` sign. */
interface AstElement {
  readonly type: number;
  readonly value?: string;
  readonly options?: Readonly<Record<string, { readonly value: readonly AstElement[] }>>;
}

function argumentNames(elements: readonly AstElement[], found = new Set<string>()): Set<string> {
  for (const element of elements) {
    if (element.type !== 0 && element.value !== undefined) found.add(element.value);
    for (const option of Object.values(element.options ?? {})) argumentNames(option.value, found);
  }
  return found;
}

/** Numbers as our parser reads them back: groups of three with spaces, never a comma or a dot. */
const FORMATTERS: Formatters = {
  getNumberFormat: (locale) =>
    ({ format: (value: number) => groupDigits(value, String(locale)) }) as Intl.NumberFormat,
  getDateTimeFormat: (...options) => new Intl.DateTimeFormat(...options),
  getPluralRules: (locale, options) => pluralRules(String(locale), options),
};

const rulesByKey = new Map<string, Intl.PluralRules>();

function pluralRules(locale: string, options?: Intl.PluralRulesOptions): Intl.PluralRules {
  const key = `${locale} ${options?.type ?? 'cardinal'}`;
  const known = rulesByKey.get(key) ?? new Intl.PluralRules(locale, options);
  rulesByKey.set(key, known);
  return known;
}
