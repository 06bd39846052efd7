import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** One fenced block of a page. */
export interface Snippet {
  readonly file: string;
  /** Of its first line of content, from 1. */
  readonly line: number;
  /** Title of the section that it stands in. */
  readonly section: string;
  /** What follows the fence: `sh`, `yaml`, or nothing. */
  readonly language: string;
  readonly text: string;
}

/** What people read who use the program; ARCHITECTURE.md also tells what is still to come. */
export function listPages(): readonly string[] {
  const docs = readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => path.posix.join('docs', file));
  return ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...docs.sort()];
}

export function snippetsOf(file: string): readonly Snippet[] {
  const snippets: Snippet[] = [];
  let section = '';
  let open: { language: string; line: number; lines: string[] } | undefined;
  readFileSync(file, 'utf8')
    .split('\n')
    .forEach((content, index) => {
      const fence = /^```(\w*)/.exec(content);
      if (open === undefined) {
        section = /^#+ (.+)/.exec(content)?.[1] ?? section;
        if (fence !== null) open = { language: fence[1]!, line: index + 2, lines: [] };
      } else if (fence === null) {
        open.lines.push(content);
      } else {
        const { language, line, lines } = open;
        snippets.push({ file, section, language, line, text: lines.join('\n') });
        open = undefined;
      }
    });
  return snippets;
}

/** The commands of a shell block, without comments and empty lines. */
export function commandsOf({ text }: Snippet): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/\s+#\s.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** Words of a command as a shell would pass them on: only double and single quotes are known. */
export function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare!,
  );
}
