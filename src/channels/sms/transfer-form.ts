import { findMsisdn, type Msisdn, type NumberPlan } from '../../values/msisdn.ts';
import { POINTS_MAX, type Points } from '../../values/points.ts';

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
    note(readings, findNumber(left, plan), findAmount(right));
    if (left.join('').length <= REVERSED_DIGITS_MAX)
      note(readings, findNumber(right, plan), findAmount(left));
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
  return tokens.some((_, at) => findNumber(withoutWalls(tokens.slice(0, at + 1)), plan) !== undefined);
}

/**
 * A phone number in full. With a number plan, home numbers must have exactly their length, so that the digits of an
 * amount can never be taken into the number; foreign ones need `+` or `00` and no spaces. The short national form is
 * not taken when it begins like a longer one (`7916000000`): more likely a digit is missing.
 */
function findNumber(tokens: readonly string[], plan: NumberPlan | undefined): Msisdn | undefined {
  const joined = tokens.join(' ');
  const found = findMsisdn(joined, plan);
  if (found === undefined) return undefined;
  if (plan === undefined) return tokens.length === 1 ? found : undefined;
  const digits = joined.replace(/[^\d+]/g, '');
  const cut = [plan.countryCode, plan.trunkPrefix].some((start) => start !== '' && digits.startsWith(start));
  if (digits.length === plan.nationalLength && cut) return undefined;
  if (found.startsWith(plan.countryCode)) {
    return found.length === plan.countryCode.length + plan.nationalLength ? found : undefined;
  }
  return tokens.length === 1 && /^[^\d]*(\+|00)/.test(joined) ? found : undefined;
}

/** Digits alone or in groups of three; no sign, no leading zero, no comma, no dot, no other script's digits. */
function findAmount(tokens: readonly string[]): Points | undefined {
  const text = tokens.join(' ');
  if (!/^[1-9]\d{0,15}$|^[1-9]\d{0,2}(?:[ '][0-9]{3})+$/.test(text)) return undefined;
  const points = BigInt(text.replace(/[ ']/g, ''));
  return points <= POINTS_MAX ? points : undefined;
}
