import { assert } from '../../errors.ts';
import { say, compose, type CallBook } from './compose.ts';
import type { Menu } from './script.ts';
import type { CallState, Next, Question, Turn } from './state.ts';
import type { CallAction, PromptFiles } from './step.ts';

type Ask = Extract<CallAction, { kind: 'ask' }>;

/** Longest number a caller may key for a recipient (E.164 with an international prefix). */
const RECIPIENT_MAX = 18;
/** Enough for the largest number of points. */
const POINTS_DIGITS_MAX = 16;
/** Keys 9, 0 and * are taken: eight gifts can be offered at once. */
export const ITEMS_MAX = 8;

/** Puts a question, after `before`: the words that the caller should hear first. Keys may cut both. */
export function ask(book: CallBook, state: CallState, question: Question, before: PromptFiles = []): Turn {
  const asked = askOf(book, state, question);
  const action: Ask = {
    kind: 'ask',
    firstDigitMs: book.script.firstDigitMs,
    interDigitMs: book.script.interDigitMs,
    minDigits: 1,
    bargeIn: true,
    secret: question.kind === 'pin',
    ...asked,
    prompt: [...before, ...asked.prompt],
  };
  return { state: { ...state, stage: question }, effect: { kind: 'act', action } };
}

type Asked = Pick<Ask, 'prompt' | 'maxDigits' | 'pattern'> & Partial<Ask>;

/** One more digit is accepted than can be right, so that the closing # is never left over for the next question. */
function askOf(book: CallBook, state: CallState, question: Question): Asked {
  const { language } = state;
  switch (question.kind) {
    case 'menu': {
      const menu = menuOf(book, state);
      const keys = Object.keys(menu.keys).join('');
      return {
        prompt: compose(book, language, menu.prompt),
        maxDigits: 1,
        pattern: new RegExp(`^[${keys}]$`),
        bargeIn: menu.bargeIn,
      };
    }
    case 'item': {
      const entries = question.items.flatMap((item) =>
        say(book, language, 'catalogueEntry', {
          item: item.code,
          points: item.points,
          key: BigInt(item.number),
        }),
      );
      const keys = question.items.map((item) => item.number).join('');
      return {
        prompt: [
          ...say(book, language, 'catalogueHeading', {}),
          ...entries,
          ...say(book, language, 'catalogueAsk', {}),
        ],
        maxDigits: 1,
        pattern: new RegExp(`^[${keys}9*]$`),
      };
    }
    case 'pin': {
      const [least, most] = book.script.pinLength;
      const pattern = new RegExp(`^(\\*|\\d{${least},${most}})$`);
      return { prompt: say(book, language, 'pinAsk', {}), maxDigits: most + 1, pattern };
    }
    case 'recipient':
      return {
        prompt: say(book, language, 'recipientAsk', {}),
        maxDigits: RECIPIENT_MAX + 1,
        pattern: /^(\*|\d{5,18})$/,
      };
    case 'points':
      return {
        prompt: say(book, language, 'pointsAsk', {}),
        maxDigits: POINTS_DIGITS_MAX + 1,
        pattern: /^(\*|\d{1,16})$/,
      };
    case 'confirm':
      return { prompt: readBack(book, state, question), maxDigits: 1, pattern: /^[19*]$/ };
  }
}

function readBack(
  book: CallBook,
  { language }: CallState,
  { quote }: Extract<Question, { kind: 'confirm' }>,
): PromptFiles {
  const confirm = say(book, language, 'confirmAsk', {});
  if (quote.kind === 'redeem') {
    const { code, points } = quote.item;
    return [...say(book, language, 'redeemReadBack', { item: code, points }), ...confirm];
  }
  assert(quote.kind === 'transfer', 'a call orders gifts and sends points, nothing else');
  const read = say(book, language, 'transferReadBack', { points: quote.points, to: quote.to });
  const fee = quote.fee > 0n ? say(book, language, 'transferFee', { fee: quote.fee }) : [];
  return [...read, ...fee, ...confirm];
}

/** The menu a caller is in. */
export function menuOf(book: CallBook, state: CallState): Menu {
  return book.script.menus[state.menus.at(-1)!]!;
}

/** Says something that keys do not cut, then goes on. */
export function tell(
  state: CallState,
  prompt: PromptFiles,
  next: Next,
  resultOf?: string,
  tellsAll = true,
): Turn {
  const action: CallAction = { kind: 'play', prompt };
  return {
    state: { ...state, stage: { kind: 'saying', next } },
    effect: { kind: 'act', action, resultOf, tellsAll },
  };
}

/** The last words of a call. */
export function tellAndHangUp(book: CallBook, state: CallState, prompt: PromptFiles): Turn {
  return tell(state, [...prompt, ...say(book, state.language, 'goodbye', {})], { kind: 'hangup' });
}

/** To a person where there is one, else goodbye. */
export function giveUp(book: CallBook, state: CallState): Turn {
  if (book.script.operator === undefined) return tellAndHangUp(book, state, []);
  return tell(state, say(book, state.language, 'toOperator', {}), { kind: 'operator' });
}

/** Back to the current menu, with `before` said first. */
export function backToMenu(book: CallBook, state: CallState, before: PromptFiles = []): Turn {
  return ask(book, { ...state, silences: 0, mistakes: 0, refusals: 0 }, { kind: 'menu' }, before);
}
