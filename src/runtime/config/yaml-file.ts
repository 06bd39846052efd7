import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { knownKeys, knownWords, toJsonSchema } from './known-keys.ts';
import { ConfigError, type ConfigProblem } from './problem.ts';
import { resolveSecrets } from './secrets.ts';
import { suggest } from './suggest.ts';

type Path = readonly PropertyKey[];

/**
 * Reads one YAML file of `conf/` and checks it against its schema; also for menus, call scripts and keywords.
 *
 * @throws ConfigError with every mistake of the file
 */
export function readYamlFile<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  environment: Readonly<Record<string, string | undefined>> = {},
): z.output<Schema> {
  return parseYaml(readText(file), file, schema, environment);
}

/** As {@link readYamlFile}, for text that is already here; `file` only names it. */
export function parseYaml<Schema extends z.ZodType>(
  text: string,
  file: string,
  schema: Schema,
  environment: Readonly<Record<string, string | undefined>> = {},
): z.output<Schema> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const problems: ConfigProblem[] = [];
  const add = (offset: number, key: string, message: string) => {
    const { line, col } = lines.linePos(offset);
    problems.push({ file, line: Math.max(1, line), column: Math.max(1, col), key, message });
  };
  for (const error of document.errors) add(error.pos[0], '', firstLine(error.message));
  if (problems.length > 0) throw new ConfigError(problems);

  resolveSecrets(document, { environment, folder: path.dirname(file) }, (scalar, message) => {
    add(scalar.range?.[0] ?? 0, pathOf(document, scalar), message);
  });
  if (problems.length > 0) throw new ConfigError(problems);

  const data = (document.toJS() ?? {}) as unknown;
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const reported = result.error.issues.flatMap((issue) => explain(issue, schema, data));
  for (const { path: where, message, atKey } of reported)
    add(offsetOf(document, where, atKey), keyName(where), message);
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  throw new ConfigError(problems);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : (error as Error).message;
    throw new ConfigError([{ file, line: 1, column: 1, key: '', message: reason }]);
  }
}

interface Explained {
  readonly path: Path;
  readonly message: string;
  /** Point at the key instead of its value. */
  readonly atKey: boolean;
}

function explain(issue: z.core.$ZodIssue, schema: z.ZodType, data: unknown): Explained[] {
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(toJsonSchema(schema), issue.path);
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      message: `unknown key${didYouMean(suggest(key, known))}`,
      atKey: true,
    }));
  }
  if (issue.code === 'invalid_value') {
    const written = valueAt(data, issue.path);
    const known = knownWords(toJsonSchema(schema), issue.path);
    const near = typeof written === 'string' ? suggest(written, known) : undefined;
    return [
      {
        path: issue.path,
        message: `must be one of ${issue.values.map(String).join(', ')}${didYouMean(near)}`,
        atKey: false,
      },
    ];
  }
  if (issue.code === 'invalid_union') {
    const branches = issue.errors.map((errors) => errors.map((inner) => inner.message).join(', '));
    return [{ path: issue.path, message: branches.join(', or ') || issue.message, atKey: false }];
  }
  return [{ path: issue.path, message: wording(issue, valueAt(data, issue.path)), atKey: false }];
}

function wording(issue: z.core.$ZodIssue, written: unknown): string {
  if (issue.code === 'invalid_type' && written === undefined) return 'is missing';
  if (issue.code === 'invalid_type') return `must be ${article(issue.expected)}`;
  return issue.message
    .replace(/^Invalid input: /, '')
    .replace(/^Too (?:small|big): expected \w+ to (be|have) /, 'must $1 ')
    .replace('>=', 'at least ')
    .replace('<=', 'at most ');
}

function article(noun: string): string {
  if (noun === 'int') return 'a whole number';
  return `${/^[aeio]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

function didYouMean(word: string | undefined): string {
  return word === undefined ? '' : `; did you mean "${word}"?`;
}

/** Where `where` stands in the file; for a missing key, its nearest parent. */
function offsetOf(document: Document, where: Path, atKey: boolean): number {
  for (let length = where.length; length > 0; length -= 1) {
    const here = where.slice(0, length);
    const key = keyOffset(document, here);
    const node = document.getIn(here, true);
    const value = isNode(node) ? node.range?.[0] : undefined;
    const offset = atKey || length < where.length ? (key ?? value) : (value ?? key);
    if (offset !== undefined) return offset;
  }
  return 0;
}

function keyOffset(document: Document, where: Path): number | undefined {
  const parent = where.length === 1 ? document.contents : document.getIn(where.slice(0, -1), true);
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find(({ key }) => isScalar(key) && key.value === where.at(-1));
  return pair !== undefined && isScalar(pair.key) ? pair.key.range?.[0] : undefined;
}

/** The key of a scalar that a visitor found, by looking for the same node. */
function pathOf(document: Document, wanted: unknown): string {
  const search = (node: unknown, at: Path): Path | undefined => {
    if (node === wanted) return at;
    if (typeof node !== 'object' || node === null || !('items' in node) || !Array.isArray(node.items))
      return undefined;
    for (const [index, item] of (node.items as unknown[]).entries()) {
      const pair = isMap(node) ? (item as { key: { value: string }; value: unknown }) : undefined;
      const found = search(pair?.value ?? item, [...at, pair?.key.value ?? index]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return keyName(search(document.contents, []) ?? []);
}

/** `smpp.smscs[0].port` */
function keyName(where: Path): string {
  return where.reduce<string>((name, part) => {
    if (typeof part === 'number') return `${name}[${part}]`;
    return name === '' ? String(part) : `${name}.${String(part)}`;
  }, '');
}

function valueAt(data: unknown, where: Path): unknown {
  return where.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    data,
  );
}

function firstLine(text: string): string {
  return text.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '');
}
