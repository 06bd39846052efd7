import type { Msisdn, NumberPlan } from '../../values/msisdn.ts';
import type { Points } from '../../values/points.ts';
import { findAmount, findRecipient } from '../typed-values.ts';

/** To whom and how much, as far as a text leaves no doubt. */
export interface TransferForm {
  readonly to: Msisdn;
  readonly points: Points;
}

/** Amounts before the number are read only when they cannot be taken for a phone number cut short. */
const REVERSED_DIGITS_MAX = 6;

/**
 * Reads `79160000002 100`, `8 (916) 000-00-02 1 000`, `100 points to +79160000002`.
 *
 * Numbers and amounts may both contain spaces, so every way to cut the words in two is tried; the text counts only
 * if exactly one way makes sense. Returns the reason otherwise.
 */
export function readTransfer(
  words: readonly string[],
  isFiller: (word: string) => boolean,
  plan?: NumberPlan,
): TransferForm | 'transfer_form' | 'transfer_number' | 'transfer_points' {
  const tokens = withoutWalls(meaningful(words, isFiller));
  const readings = new Map<string, TransferForm>();
  for (let cut = 1; cut < tokens.length; cut++) {
    const [left, right] = [withoutWalls(tokens.slice(0, cut)), withoutWalls(tokens.slice(cut))];
    note(readings, findRecipient(left.join(' '), plan), findAmount(right.join(' ')));
    if (left.join('').length <= REVERSED_DIGITS_MAX)
      note(readings, findRecipient(right.join(' '), plan), findAmount(left.join(' ')));
  }
  if (readings.size === 1) return [...readings.values()][0]!;
  if (readings.size > 1) return 'transfer_number';
  if (tokens.length < 2) return 'transfer_form';
  return startsWithNumber(tokens, plan) ? 'transfer_points' : 'transfer_number';
}

function note(readings: Map<string, TransferForm>, to: Msisdn | undefined, points: Points | undefined): void {
  if (to !== undefined && points !== undefined) readings.set(`${to} ${String(points)}`, { to, points });
}

/** Where a filler or lone punctuation stood: may lie beside a number or an amount, never inside one. */
const WALL = '|';

/** `100 points to 79160000002.` as `100 | | 79160000002`; `1 , 000` as `1 | 000`, which is no amount. */
function meaningful(words: readonly string[], isFiller: (word: string) => boolean): string[] {
  const last = words.findLastIndex((word) => /\d/.test(word));
  return words.map((word, at) => {
    if (isFiller(word) || !/[\p{L}\p{N}]/u.test(word)) return WALL;
    const unit = /^(\d+)(\p{L}+)\.?$/u.exec(word);
    const bare = unit !== null && isFiller(unit[2]!) ? unit[1]! : word;
    // A comma inside an amount is never dropped: only at the very end, or after what is long enough for a number.
    return at === last || isLong(word) ? bare.replace(/(?<=\d)[.,;:!]+$/, '') : bare;
  });
}

function withoutWalls(tokens: readonly string[]): readonly string[] {
  const first = tokens.findIndex((token) => token !== WALL);
  const last = tokens.findLastIndex((token) => token !== WALL);
  return first < 0 ? [] : tokens.slice(first, last + 1);
}

function isLong(word: string): boolean {
  return word.replace(/\D/g, '').length >= 7;
}

function startsWithNumber(tokens: readonly string[], plan: NumberPlan | undefined): boolean {
  return tokens.some(
    (_, at) => findRecipient(withoutWalls(tokens.slice(0, at + 1)).join(' '), plan) !== undefined,
  );
}
