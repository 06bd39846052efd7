import type { Instant } from '../../values/instant.ts';
import type { Language } from '../../values/language.ts';
import type { NumberPlan } from '../../values/msisdn.ts';
import type { PhraseName, PhraseValues } from './phrases.ts';
import type { CallScript, Piece, PromptText } from './script.ts';
import { civilDate, SPEECH } from './speech/speech.ts';
import type { PromptFiles } from './step.ts';

/** A call script made ready for one deployment: where its sounds are and how its callers write numbers and dates. */
export interface CallBook {
  readonly script: CallScript;
  /** Folder of each language, as FreeSWITCH sees it. */
  readonly sounds: Readonly<Record<Language, string>>;
  /** IANA zone of spoken dates. */
  readonly zone: string;
  readonly numberPlan?: NumberPlan | undefined;
}

type Values = Readonly<Record<string, bigint | number | string>>;

/** One of the phrases, as files of the caller's language. */
export function say<Name extends PhraseName>(
  book: CallBook,
  language: Language,
  name: Name,
  values: PhraseValues<Name>,
): PromptFiles {
  return compose(book, language, book.script.phrases[name] ?? {}, values);
}

/** A prompt as files; it falls back to the default language as a whole, words and numbers alike. */
export function compose(
  book: CallBook,
  language: Language,
  prompt: PromptText,
  values: Values = {},
): PromptFiles {
  const spoken = prompt[language] === undefined ? book.script.defaultLanguage : language;
  return (prompt[spoken] ?? []).flatMap((piece) => composePiece(book, spoken, piece, values));
}

function composePiece(book: CallBook, language: Language, piece: Piece, values: Values): PromptFiles {
  if ('phrase' in piece) return compose(book, language, book.script.phrases[piece.phrase] ?? {});
  const spoken = 'file' in piece && 'in' in piece ? (piece.in ?? language) : language;
  return filesOf(book, language, piece, values).map((file) => `${book.sounds[spoken]}/${file}.wav`);
}

function filesOf(
  book: CallBook,
  language: Language,
  piece: Exclude<Piece, { phrase: PhraseName }>,
  values: Values,
): string[] {
  const speech = SPEECH[language];
  if ('file' in piece) return [piece.file];
  if ('points' in piece) return speech.points(BigInt(values[piece.points] ?? 0));
  if ('date' in piece) return speech.date(civilDate(values[piece.date] as Instant, book.zone));
  if ('day' in piece) return speech.day(civilDate(values[piece.day] as Instant, book.zone));
  if ('digits' in piece) return speech.digits(String(values[piece.digits]).replace(/\D/g, ''));
  if ('item' in piece) return itemFiles(book, String(values[piece.item]));
  return speech.number(BigInt(typeof piece.number === 'number' ? piece.number : (values[piece.number] ?? 0)));
}

/** Names of gifts are data of the programme: only those with a recording can be said. */
function itemFiles(book: CallBook, code: string): string[] {
  const file = Object.hasOwn(book.script.items, code) ? book.script.items[code] : undefined;
  return [file ?? 'catalogue/gift'];
}
