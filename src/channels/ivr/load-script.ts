import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { LANGUAGES, type Language } from '../../values/language.ts';
import { PHRASES, PHRASE_NAMES, type ValueKind } from './phrases.ts';
import { scriptSchema, type CallScript, type KeyAction, type Piece, type PromptText } from './script.ts';

/** A call script that cannot be used; each problem says file, line, key and what is wrong. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

type Path = readonly PropertyKey[];
type Problem = { readonly path: Path; readonly message: string };

/** The script, and what is usable but should be mended: a prompt that falls back to the default language. */
export interface LoadedScript {
  readonly script: CallScript;
  readonly warnings: readonly string[];
}

/**
 * Reads and checks a call script.
 *
 * @throws ScriptError with all problems, before any call is taken
 */
export async function loadScript(file: string): Promise<LoadedScript> {
  return parseScript(await readFile(file, 'utf8'), file);
}

/** As {@link loadScript}, for a text already read; `file` is for the messages. */
export function parseScript(text: string, file: string): LoadedScript {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const place = ({ path, message }: Problem): string =>
    `${file}:${lineOf(document, lines, path)}: ${keyOf(path)}: ${message}`;
  if (document.errors.length > 0) {
    throw new ScriptError(
      document.errors.map((error) => `${file}:${error.linePos?.[0].line ?? 1}: ${error.message}`),
    );
  }
  const parsed = scriptSchema.safeParse(document.toJS());
  if (!parsed.success) {
    throw new ScriptError(parsed.error.issues.map(({ path, message }) => place({ path, message })));
  }
  const problems = [...menuProblems(parsed.data), ...promptProblems(parsed.data)];
  if (problems.length > 0) throw new ScriptError(problems.map(place));
  return { script: parsed.data, warnings: missingLanguages(parsed.data).map(place) };
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

function keyOf(path: Path): string {
  return path.length === 0 ? '(top)' : path.map(String).join('.');
}

function lineOf(document: Document, lines: LineCounter, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as
      { range?: [number, number, number] } | undefined;
    if (node?.range !== undefined) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

/** Every sound file that the menus and phrases of a script name, by language; numbers and dates are not among them. */
export function filesNamed(script: CallScript): { readonly language: Language; readonly file: string }[] {
  const prompts = [
    ...Object.values(script.menus).map((menu) => menu.prompt),
    ...Object.values(script.phrases).filter((prompt) => prompt !== undefined),
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
