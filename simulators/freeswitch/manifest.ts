import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';

/** The words of each recording, by file name from the language folder on: `en/number/20` -> `twenty`. */
export type Manifest = Readonly<Record<string, string>>;

/** Reads `prompts.en.yaml` and `prompts.ru.yaml` of a folder. */
export async function loadManifest(
  folder: string,
  languages: readonly string[] = ['en', 'ru'],
): Promise<Manifest> {
  const all: Record<string, string> = {};
  for (const language of languages) {
    const text = await readFile(path.join(folder, `prompts.${language}.yaml`), 'utf8');
    for (const [file, words] of Object.entries(parse(text) as Record<string, string>)) {
      all[`${language}/${file}`] = words;
    }
  }
  return all;
}

/** The files of one `file_string` or plain path, without its scheme. */
export function filesOf(playable: string): string[] {
  return playable.replace(/^file_string:\/\//, '').split('!');
}

/** What a person hears: the words of every file; a file without words is shown by name in brackets. */
export function wordsOf(playable: string, manifest: Manifest): string {
  const words = filesOf(playable)
    .filter((file) => !file.startsWith('silence_stream:'))
    .map((file) => findWords(file, manifest) ?? `[${file}]`);
  return tidy(words.join(' '));
}

/** Looks a file up by its longest known ending, because the sound folder in front differs by installation. */
function findWords(file: string, manifest: Manifest): string | undefined {
  const parts = file.replace(/\.wav$/, '').split('/');
  for (let from = 0; from < parts.length; from++) {
    const words = manifest[parts.slice(from).join('/')];
    if (words !== undefined) return words;
  }
  return undefined;
}

/** Joins words as a sentence is written: no space before punctuation, a capital after a full stop. */
function tidy(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/ ([,.:;?!])/g, '$1')
    .replace(/([,.:;?!])(?:[,.:;])+/g, '$1')
    .replace(/(^|[.?!] )(\p{Ll})/gu, (_all, before: string, letter: string) => before + letter.toUpperCase())
    .trim();
}
