import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.ts';
import { priceListDraft } from '../../src/price-list/draft.ts';
import { configSchema } from '../../src/runtime/config/config.ts';
import { parseYaml } from '../../src/runtime/config/yaml-file.ts';
import { commandsOf, listPages, snippetsOf, wordsOf, type Snippet } from './markdown.ts';

const SNIPPETS = listPages().flatMap((file) => snippetsOf(file));
/** How pages begin a command of ours, after variables of the environment. */
const OURS = /(?:^|&& )(?:[A-Z_]+=\S+ )*(?:npm run -s bonusgate --|node dist\/src\/main\.js|bonusgate) (.+)$/;

const at = ({ file, line }: Snippet): string => `${file}:${String(line)}`;

/** Why the program does not know these arguments; undefined when it does. */
function unknownIn(words: readonly string[]): string | undefined {
  let command: Command = createProgram('0');
  for (const word of words) {
    if (word.startsWith('-')) {
      const name = word.split('=', 1)[0]!;
      const known = [...command.options, ...(command.parent?.options ?? [])];
      if (!known.some(({ long, short }) => long === name || short === name)) return `option ${name}`;
      continue;
    }
    const child = command.commands.find((one) => one.name() === word);
    if (child !== undefined) command = child;
    else if (command.commands.length > 0) return `command ${word}`;
  }
  return undefined;
}

describe('README and docs', () => {
  const yaml = SNIPPETS.filter(({ language }) => language === 'yaml');

  it('has examples of configuration', () => {
    expect(yaml).to.not.be.empty;
  });

  for (const snippet of yaml) {
    it(`takes the example of ${at(snippet)} as configuration`, () => {
      const secrets = [...snippet.text.matchAll(/\$\{(\w+)\}/g)].map(
        ([, name]) => [name!, 'secret'] as const,
      );
      const isPriceList = snippet.text.startsWith('items:');
      const schema = isPriceList ? priceListDraft : configSchema;
      parseYaml(snippet.text, snippet.file, schema as typeof configSchema, Object.fromEntries(secrets));
    });
  }

  it('names commands and options that the program has', () => {
    const commands = SNIPPETS.flatMap((snippet) =>
      commandsOf(snippet).flatMap((line) => {
        const words = OURS.exec(line)?.[1];
        return words === undefined ? [] : [{ where: at(snippet), line, words: wordsOf(words) }];
      }),
    );
    expect(commands.length).to.be.greaterThan(10);
    const wrong = commands.flatMap(({ where, line, words }) => {
      const unknown = unknownIn(words);
      return unknown === undefined ? [] : [`${where}: ${line}: there is no ${unknown}`];
    });
    expect(wrong).to.deep.equal([]);
  });

  it('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: object };
    const named = listPages().flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/npm run (?:-s )?([\w:-]+)/g)].map(([, name]) => ({
        file,
        name,
      })),
    );
    expect(named.length).to.be.greaterThan(5);
    expect(named.filter(({ name }) => !Object.hasOwn(scripts, name!))).to.deep.equal([]);
  });

  it('links to files that exist', () => {
    const links = listPages().flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, to]) => ({
        file,
        to: to!,
      })),
    );
    expect(links.length).to.be.greaterThan(10);
    expect(links.filter(({ file, to }) => !existsSync(path.join(path.dirname(file), to)))).to.deep.equal([]);
  });
});
