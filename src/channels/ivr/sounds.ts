import { access } from 'node:fs/promises';
import { LANGUAGES, type Language } from '../../values/language.ts';
import type { CallBook } from './compose.ts';
import { filesNamed } from './load-script.ts';
import { SPEECH } from './speech/speech.ts';

/**
 * Sound files that calls may need and this machine does not have: a missing one makes FreeSWITCH silent. For a switch
 * on the same machine; elsewhere the files cannot be seen.
 */
export async function missingSounds(book: CallBook): Promise<string[]> {
  const named = filesNamed(book.script).map(({ language, file }) => pathOf(book, language, file));
  const spoken = LANGUAGES.flatMap((language) =>
    spokenFiles(language).map((file) => pathOf(book, language, file)),
  );
  const missing: string[] = [];
  for (const file of new Set([...named, ...spoken])) {
    if (
      !(await access(file).then(
        () => true,
        () => false,
      ))
    )
      missing.push(file);
  }
  return missing;
}

function pathOf(book: CallBook, language: Language, file: string): string {
  return `${book.sounds[language]}/${file}.wav`;
}

/** Every recording that numbers, points and dates of a language are made of. */
export function spokenFiles(language: Language): string[] {
  const speech = SPEECH[language];
  const files = new Set<string>(['catalogue/gift', 'stop', ...speech.digits('7160000000')]);
  const add = (more: readonly string[]): void => more.forEach((file) => files.add(file));
  for (let value = -1n; value < 1_000n; value++) add(speech.points(value));
  for (let power = 10n ** 3n; power < 10n ** 18n; power *= 10n ** 3n) {
    for (const times of [1n, 2n, 5n]) add(speech.points(power * times));
  }
  for (let day = 1; day <= 31; day++) add(speech.date({ year: 2000 + day, month: 1 + (day % 12), day }));
  for (let year = 2032; year < 2100; year++) add(speech.date({ year, month: 1, day: 1 }));
  return [...files];
}
