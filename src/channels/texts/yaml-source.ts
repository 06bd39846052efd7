import { LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';

/** A file of words or menus that cannot be used; the message names file, line and key. */
export class ContentError extends Error {
  override readonly name = 'ContentError';
}

/** Where a key stands in its file, for messages a person can act on: `conf/menus/main.yaml:12: screens.home`. */
export type Locate = (path: readonly PropertyKey[]) => string;

export interface YamlSource<T> {
  readonly value: T;
  readonly locate: Locate;
}

/**
 * Parses YAML and checks its shape.
 *
 * @throws ContentError listing every problem, one a line
 */
export function readYaml<T>(schema: z.ZodType<T>, file: string, source: string): YamlSource<T> {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const broken = document.errors.map((error) => {
    const { line } = lines.linePos(error.pos[0]);
    return `${file}:${String(line)}: ${error.message}`;
  });
  if (broken.length > 0) throw new ContentError(broken.join('\n'));
  const locate: Locate = (path) =>
    [`${file}:${String(lineOf(document, lines, path))}`, ...dotted(path)].join(': ');
  const checked = schema.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (!checked.success) {
    throw new ContentError(
      checked.error.issues.map((issue) => `${locate(issue.path)}: ${issue.message}`).join('\n'),
    );
  }
  return { value: checked.data, locate };
}

function dotted(path: readonly PropertyKey[]): string[] {
  return path.length === 0 ? [] : [path.map(String).join('.')];
}

/** The line of the deepest part of `path` that the file has. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as { range?: readonly number[] } | undefined;
    const offset = node?.range?.[0];
    if (offset !== undefined) return lines.linePos(offset).line;
  }
  return 1;
}
