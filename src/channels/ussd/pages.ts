import { sizeOf } from '../texts/alphabet.ts';
import type { UssdIndication } from './turn.ts';

export type ScreenLimit = UssdIndication['limit'];

/** Whether a centre can show the text: it counts septets in the GSM alphabet, and UTF-16 units otherwise. */
export function fits(text: string, limit: ScreenLimit): boolean {
  const { alphabet, units } = sizeOf(text);
  return units <= limit[alphabet];
}

/** What stands below the text of a page. */
export interface Footers {
  /** Below the last page. */
  readonly last: readonly string[];
  /** Below every other page: how to go on. Never shorter than `last`. */
  readonly more: readonly string[];
}

/**
 * Splits a text into pages that fit, by lines, long lines by words, words as a last resort. A text that fits with its
 * last footer is one page.
 */
export function paginate(text: string, footers: Footers, limit: ScreenLimit): string[] {
  const whole = [text, ...footers.last].join('\n');
  if (fits(whole, limit)) return [whole];
  const page = (lines: readonly string[], footer: readonly string[]): string =>
    [...lines, ...footer].join('\n');
  const pages: string[] = [];
  let lines: string[] = [];
  let rest = text.split('\n').flatMap((line) => cutLine(line, footers.more, limit));
  while (rest.length > 0) {
    if (fits(page([...lines, ...rest], footers.last), limit)) break;
    const next = rest[0]!;
    if (lines.length > 0 && !fits(page([...lines, next], footers.more), limit)) {
      pages.push(page(lines, footers.more));
      lines = [];
      continue;
    }
    lines = [...lines, next];
    rest = rest.slice(1);
  }
  return [...pages, page([...lines, ...rest], footers.last)];
}

/** Pieces of a line that fit a page alone. */
function cutLine(line: string, footer: readonly string[], limit: ScreenLimit): string[] {
  const alone = (piece: string): boolean => fits([piece, ...footer].join('\n'), limit);
  if (alone(line)) return [line];
  const pieces: string[] = [];
  let piece = '';
  for (const word of line.split(' ').flatMap((long) => (alone(long) ? [long] : chop(long, alone)))) {
    const longer = piece === '' ? word : `${piece} ${word}`;
    if (alone(longer)) {
      piece = longer;
      continue;
    }
    pieces.push(piece);
    piece = word;
  }
  return [...pieces, piece];
}

function chop(word: string, alone: (piece: string) => boolean): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const character of word) {
    if (piece !== '' && !alone(piece + character)) {
      pieces.push(piece);
      piece = '';
    }
    piece += character;
  }
  return [...pieces, piece];
}
