import type { NumberPlan } from '../../values/msisdn.ts';
import type { Command } from '../command.ts';
import type { KeywordKind, KeywordTable } from './keywords.ts';
import { findAmount } from '../typed-values.ts';
import { readTransfer } from './transfer-form.ts';

/** Why a text is no command; each has its answer `sms.<reason>` with an example of the right form. */
export type UnparsableReason =
  | 'empty'
  | 'unknown_word'
  | 'transfer_form'
  | 'transfer_number'
  | 'transfer_points'
  | 'redeem_form'
  | 'give_back_form'
  | 'buy_form'
  | 'language_form'
  | 'code_form';

export interface Unparsable {
  readonly kind: 'unparsable';
  readonly reason: UnparsableReason;
  /** The command that was probably meant by a mistyped word. */
  readonly near?: KeywordKind;
}

/** No command is longer; a longer text is somebody's letter, and is not searched for amounts. */
const TEXT_MAX = 320;

/**
 * Understands a short message.
 *
 * Forgiving about words, never about amounts: what could be read in two ways is not a command. Never throws.
 */
export function parseSms(text: string, keywords: KeywordTable, plan?: NumberPlan): Command | Unparsable {
  const tokens = tokensOf(text);
  if (tokens.length === 0) return unparsable('empty');
  if (text.length > TEXT_MAX) return unparsable('unknown_word');
  const [first] = tokens as [string, ...string[]];
  const { kind, rest } = findKeyword(tokens, keywords);
  if (kind !== undefined) return parseArguments(kind, rest, keywords, plan);
  const language = keywords.findLanguageName(first);
  if (language !== undefined && tokens.length === 1) return { kind: 'language', language };
  if (/^["'«(]*[\d+]/.test(first)) return parseNumberFirst(tokens);
  const near = keywords.findNear(first);
  return near === undefined
    ? unparsable('unknown_word')
    : { kind: 'unparsable', reason: 'unknown_word', near };
}

/** Directional marks come along with numbers copied from a contact list; other invisible characters are spaces. */
function tokensOf(text: string): string[] {
  const visible = text
    .replace(/[\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, '')
    .replace(/\p{C}|\s/gu, ' ');
  const tokens = visible.split(' ').filter((token) => token !== '');
  return tokens.some((token) => /[\p{L}\p{N}?]/u.test(token)) ? tokens : [];
}

/** The longest keyword that the text begins with, also when a number is glued to it: `REDEEM3`, `ПЕРЕВОД:7916...` */
function findKeyword(
  tokens: readonly string[],
  keywords: KeywordTable,
): { kind: KeywordKind | undefined; rest: readonly string[] } {
  for (let count = Math.min(keywords.wordsMax, tokens.length); count > 0; count--) {
    const kind = keywords.find(tokens.slice(0, count).join(' '));
    if (kind !== undefined) return { kind, rest: tokens.slice(count) };
  }
  const glued = /^([\p{L}\p{M}]+)[:;,.=_-]*([^\p{L}\p{M}].*)$/u.exec(tokens[0]!);
  const kind = glued === null ? undefined : keywords.find(glued[1]!);
  return kind === undefined ? { kind, rest: tokens } : { kind, rest: [glued![2]!, ...tokens.slice(1)] };
}

function parseArguments(
  kind: KeywordKind,
  rest: readonly string[],
  keywords: KeywordTable,
  plan: NumberPlan | undefined,
): Command | Unparsable {
  switch (kind) {
    case 'balance':
    case 'history':
    case 'catalogue':
    case 'orders':
    case 'help':
    case 'cancel':
      return { kind };
    case 'language':
      return parseLanguage(rest, keywords);
    case 'confirm':
      return parseConfirm(rest);
    case 'redeem':
      return parseRedeem(rest, keywords);
    case 'give_back':
      return parseGiveBack(rest, keywords);
    case 'buy':
      return parseBuy(rest, keywords);
    case 'transfer': {
      const read = readTransfer(rest, (word) => keywords.isFiller(word), plan);
      return typeof read === 'string'
        ? unparsable(read)
        : { kind: 'prepare', action: { kind: 'transfer', ...read } };
    }
  }
}

function parseLanguage(rest: readonly string[], keywords: KeywordTable): Command | Unparsable {
  const language = rest.length === 1 ? keywords.findLanguageName(rest[0]!) : undefined;
  return language === undefined ? unparsable('language_form') : { kind: 'language', language };
}

function parseConfirm(rest: readonly string[]): Command | Unparsable {
  const code = rest.length === 1 ? findCode(rest[0]!) : undefined;
  return code === undefined ? unparsable('code_form') : { kind: 'confirm', code };
}

/** One number or code as the catalogue shows it; `#3` and `№3` too. */
function parseRedeem(rest: readonly string[], keywords: KeywordTable): Command | Unparsable {
  const words = rest.filter((token) => !keywords.isFiller(token) && /[\p{L}\p{N}]/u.test(token));
  const item = /^[#№]?([1-9]\d{0,3}|[A-Za-z][A-Za-z0-9_-]{0,19})[.!]*$/.exec(words[0] ?? '')?.[1];
  if (item === undefined || words.length !== 1) return unparsable('redeem_form');
  return { kind: 'prepare', action: { kind: 'redeem', item } };
}

/** The number that the list of orders shows: 1 to 9. */
function parseGiveBack(rest: readonly string[], keywords: KeywordTable): Command | Unparsable {
  const words = rest.filter((token) => !keywords.isFiller(token) && /[\p{L}\p{N}]/u.test(token));
  const order = /^[#№]?([1-9])[.!]*$/.exec(words[0] ?? '')?.[1];
  if (order === undefined || words.length !== 1) return unparsable('give_back_form');
  return { kind: 'prepare', action: { kind: 'give_back', order: Number(order) } };
}

function parseBuy(rest: readonly string[], keywords: KeywordTable): Command | Unparsable {
  const words = rest.filter((token) => !keywords.isFiller(token));
  const points = findAmount(words.join(' '));
  if (points === undefined) return unparsable('buy_form');
  return { kind: 'prepare', action: { kind: 'buy', points } };
}

/** A text that starts with digits: a code alone, or a command whose keyword was forgotten. */
function parseNumberFirst(tokens: readonly string[]): Command | Unparsable {
  const [first, ...others] = tokens as [string, ...string[]];
  const code = findCode(first);
  if (code !== undefined && others.every((token) => !/\p{N}/u.test(token))) return { kind: 'confirm', code };
  if (others.length === 0 && /^\d{1,3}$/.test(first)) return unparsable('redeem_form');
  if (code === undefined && first.replace(/\D/g, '').length >= 7) return unparsable('transfer_form');
  return unparsable(code === undefined ? 'unknown_word' : 'code_form');
}

/** Codes have four digits by default, up to eight by configuration. */
function findCode(token: string): string | undefined {
  return /^["'«(]*(\d{4,8})["'»).!,;]*$/.exec(token)?.[1];
}

function unparsable(reason: UnparsableReason): Unparsable {
  return { kind: 'unparsable', reason };
}
