import { readFileSync } from 'node:fs';
import { isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import { CliError, EXIT } from './exit-codes.ts';

/** A mistake of the rules as the daemon names it: rule by path, place within the expression. */
export interface NamedProblem {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly reason: string;
}

export interface RulesFile {
  /** What the daemon is sent. */
  readonly document: unknown;
  /** `file:line:column path reason`, so that an editor can jump to it. */
  place(problem: NamedProblem): string;
}

/** Reads rules from YAML (or JSON, which is YAML). */
export function readRulesFile(file: string): RulesFile {
  const text = readText(file);
  const lines = new LineCounter();
  const parsed = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const [error] = parsed.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new CliError(`${file}:${String(line)}:${String(col)} ${error.message.split('\n')[0]!}`, EXIT.usage);
  }
  return {
    document: parsed.toJS() as unknown,
    place: (problem) => {
      const { line, column } = placeOf(parsed, { lines, text }, problem);
      return `${file}:${String(line)}:${String(column)} ${problem.path}: ${problem.reason}`;
    },
  };
}

interface Source {
  readonly lines: LineCounter;
  readonly text: string;
}

function placeOf(document: Document, { lines, text }: Source, problem: NamedProblem) {
  const keys = [...problem.path.matchAll(/[^.[\]]+/g)].map(([key]) =>
    /^\d+$/.test(key) ? Number(key) : key,
  );
  let node: unknown;
  // The deepest part of the path that stands in the file.
  for (let depth = keys.length; depth > 0 && node === undefined; depth--) {
    node = document.getIn(keys.slice(0, depth), true);
  }
  const offset = (node as { range?: readonly [number, ...number[]] } | undefined)?.range?.[0] ?? 0;
  const { line, col } = lines.linePos(offset);
  if (!isScalar(node)) return { line: line || 1, column: col || 1 };
  const inBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED';
  // The text of a block begins on the line behind its mark, indented as its first line; a quote takes one column.
  if (inBlock) {
    const indent = /^ */.exec(text.split('\n')[line] ?? '')![0].length;
    return { line: line + problem.line, column: indent + problem.column };
  }
  const quoted = node.type === 'QUOTE_SINGLE' || node.type === 'QUOTE_DOUBLE' ? 1 : 0;
  if (problem.line > 1) return { line: line + problem.line - 1, column: problem.column };
  return { line, column: col + quoted + problem.column - 1 };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CliError(`${file}: ${(error as Error).message}`, EXIT.usage);
  }
}
