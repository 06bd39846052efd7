import { readFile } from 'node:fs/promises';
import { ConfigError } from '../../runtime/config/problem.ts';
import { parseYaml } from '../../runtime/config/yaml-file.ts';
import { suggest } from '../../runtime/config/suggest.ts';
import { LANGUAGES, type Language } from '../../values/language.ts';
import { PHRASES, PHRASE_NAMES, type ValueKind } from './phrases.ts';
import { scriptSchema, type CallScript, type KeyAction, type Piece, type PromptText } from './script.ts';

type Path = readonly (string | number)[];
interface Problem {
  readonly path: Path;
  readonly message: string;
}

/** The script, and what is usable but should be mended: a prompt that falls back to the default language. */
export interface LoadedScript {
  readonly script: CallScript;
  readonly warnings: readonly string[];
}

const schema = scriptSchema.superRefine((script, context) => {
  for (const { path, message } of [...menuProblems(script), ...promptProblems(script)]) {
    context.addIssue({ code: 'custom', path: [...path], message });
  }
});

/**
 * Reads and checks a call script.
 *
 * @throws ConfigError with every mistake, before any call is taken
 */
export async function loadScript(file: string): Promise<LoadedScript> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError([{ file, line: 1, column: 1, key: '', message: (error as Error).message }]);
  }
  return parseScript(text, file);
}

/** As {@link loadScript}, for a text already read; `file` is for the messages. */
export function parseScript(text: string, file: string): LoadedScript {
  const script = parseYaml(text, file, schema);
  const warnings = missingLanguages(script).map(
    ({ path, message }) => `${file}: ${path.join('.')}: ${message}`,
  );
  return { script, warnings };
}

function menuProblems(script: CallScript): Problem[] {
  const problems: Problem[] = [];
  const known = (name: string): boolean => Object.hasOwn(script.menus, name);
  if (!known(script.start)) problems.push({ path: ['start'], message: noMenu(script.start, script) });
  for (const [name, menu] of Object.entries(script.menus)) {
    for (const [key, action] of Object.entries(menu.keys)) {
      const path = ['menus', name, 'keys', key];
      if (isSubmenu(action) && !known(action.submenu))
        problems.push({ path, message: noMenu(action.submenu, script) });
      if (action === 'operator' && script.operator === undefined) {
        problems.push({ path, message: 'leads to an operator, but `operator` names no extension' });
      }
    }
    if (Object.keys(menu.keys).length === 0)
      problems.push({ path: ['menus', name, 'keys'], message: 'no key leads on' });
  }
  return problems;
}

function isSubmenu(action: KeyAction): action is { submenu: string } {
  return typeof action === 'object' && 'submenu' in action;
}

function noMenu(name: string, script: CallScript): string {
  const near = suggest(name, Object.keys(script.menus));
  if (near !== undefined) return `no menu named "${name}"; did you mean "${near}"?`;
  return `no menu named "${name}"; there are: ${Object.keys(script.menus).join(', ')}`;
}

function promptProblems(script: CallScript): Problem[] {
  const problems: Problem[] = [];
  for (const [name, menu] of Object.entries(script.menus)) {
    problems.push(...checkPrompt(script, menu.prompt, ['menus', name, 'prompt'], {}));
  }
  for (const name of PHRASE_NAMES) {
    const path = ['phrases', name];
    const prompt = script.phrases[name];
    if (prompt === undefined) problems.push({ path, message: 'missing' });
    else problems.push(...checkPrompt(script, prompt, path, PHRASES[name]));
  }
  return problems;
}

function checkPrompt(
  script: CallScript,
  prompt: PromptText,
  path: Path,
  values: Readonly<Record<string, ValueKind>>,
): Problem[] {
  if (prompt[script.defaultLanguage] === undefined) {
    return [{ path, message: `no words in the default language "${script.defaultLanguage}"` }];
  }
  return LANGUAGES.flatMap((language) =>
    (prompt[language] ?? []).flatMap((piece, index) =>
      checkPiece(piece, values).map((message) => ({ path: [...path, language, index], message })),
    ),
  );
}

function checkPiece(piece: Piece, values: Readonly<Record<string, ValueKind>>): string[] {
  if ('file' in piece) return [];
  if ('phrase' in piece) {
    const spoken = Object.keys(PHRASES[piece.phrase]);
    return spoken.length === 0
      ? []
      : [`"${piece.phrase}" speaks values (${spoken.join(', ')}) and cannot be a piece`];
  }
  const [[kind, name]] = Object.entries(piece) as [[ValueKind | 'day', string | number]];
  if (typeof name === 'number') return [];
  const wanted = kind === 'day' ? 'date' : kind;
  if (values[name] === wanted) return [];
  const offered = Object.entries(values).map(([value, kindOfValue]) => `${kindOfValue}: ${value}`);
  return [
    `no ${wanted} named "${name}" here; there ${offered.length === 0 ? 'is no value' : `are: ${offered.join(', ')}`}`,
  ];
}

function missingLanguages(script: CallScript): Problem[] {
  const prompts: [Path, PromptText][] = [
    ...Object.entries(script.menus).map(([name, menu]): [Path, PromptText] => [
      ['menus', name, 'prompt'],
      menu.prompt,
    ]),
    ...Object.entries(script.phrases).map(([name, prompt]): [Path, PromptText] => [
      ['phrases', name],
      prompt,
    ]),
  ];
  return prompts.flatMap(([path, prompt]) =>
    LANGUAGES.filter((language) => prompt[language] === undefined).map((language) => ({
      path,
      message: `no words in "${language}": the caller will hear "${script.defaultLanguage}"`,
    })),
  );
}

/** Every sound file that the menus and phrases of a script name, by language; numbers and dates are not among them. */
export function filesNamed(script: CallScript): { readonly language: Language; readonly file: string }[] {
  const prompts = [
    ...Object.values(script.menus).map((menu) => menu.prompt),
    ...Object.values<PromptText>(script.phrases),
  ];
  const named = prompts.flatMap((prompt) =>
    LANGUAGES.flatMap((language) =>
      (prompt[language] ?? []).flatMap((piece) =>
        'file' in piece
          ? [{ language: ('in' in piece ? piece.in : undefined) ?? language, file: piece.file }]
          : [],
      ),
    ),
  );
  const items = Object.values(script.items).flatMap((file) =>
    LANGUAGES.map((language) => ({ language, file })),
  );
  return [...named, ...items];
}
