import type { Language } from '../../values/language.ts';
import type { Msisdn, NumberPlan } from '../../values/msisdn.ts';
import type { Command, MoneyAction, Outcome, Result } from '../command.ts';
import { catalogueLine, orderLine, renderOutcome, renderQuote } from '../texts/render.ts';
import type { TextKey } from '../texts/keys.ts';
import type { Texts } from '../texts/texts.ts';
import { findAmount, findRecipient } from '../typed-values.ts';
import { commandOf, type AskScreen, type ItemsScreen, type MenuFile, type Screen } from './menu-file.ts';
import { paginate, type Footers, type ScreenLimit } from './pages.ts';

/** What a conversation is made from; the same for all of them. */
export interface MenuBook {
  readonly menu: MenuFile;
  readonly texts: Texts;
  readonly numberPlan?: NumberPlan;
  readonly triesMax: number;
}

/** A line of a list: what is typed, and what it asks for. */
interface Choice {
  readonly number: number;
  readonly action: MoneyAction;
}

/** What the subscriber looks at, and so what an answer means. */
type Stage =
  | { readonly kind: 'screen' }
  | { readonly kind: 'list'; readonly choices: readonly Choice[] }
  | { readonly kind: 'result' }
  | { readonly kind: 'confirm'; readonly pendingId: string }
  | {
      readonly kind: 'running';
      readonly what: 'list' | 'enquiry' | 'prepare' | 'confirm' | 'cancel';
      readonly pendingId?: string;
    };

/** Where a conversation stands: plain data, kept between turns. */
export interface MenuState {
  readonly language: Language;
  readonly zone: string;
  /** Screens passed, the present one last. */
  readonly trail: readonly string[];
  /** Recipient, once asked for. */
  readonly to?: Msisdn;
  readonly stage: Stage;
  readonly body: string;
  /** What was wrong with the last answer; shown above the body. */
  readonly hint: string;
  readonly page: number;
  readonly tries: number;
}

/** What to do next. `pendingId`: the screen tells the result of that money action. */
export type MenuStep =
  ShowStep | { readonly kind: 'run'; readonly state: MenuState; readonly command: Command };

export interface ShowStep {
  readonly kind: 'show';
  readonly state: MenuState;
  readonly text: string;
  readonly end: boolean;
  readonly pendingId?: string;
}

/** What was dialled: the screen it opens and the answers that came with it. */
export interface Dialled {
  readonly screen: string;
  readonly answers: readonly string[];
}

/** Reads `*100*3*79160000002*50#`; an empty string opens the first code, for centres that tell the code elsewhere. */
export function findDialled(menu: MenuFile, text: string): Dialled | undefined {
  const typed = text.trim().replace(/^[*#]+|#+$/g, '');
  const codes = Object.entries(menu.codes).sort(([a], [b]) => b.length - a.length);
  if (typed === '') return { screen: Object.values(menu.codes)[0]!, answers: [] };
  for (const [code, screen] of codes) {
    const root = code.slice(1, -1);
    if (typed === root) return { screen, answers: [] };
    if (typed.startsWith(`${root}*`)) return { screen, answers: typed.slice(root.length + 1).split('*') };
  }
  return undefined;
}

/** A new conversation at a screen. */
export function openMenu(
  book: MenuBook,
  screen: string,
  reader: { readonly language: Language; readonly zone: string },
  limit: ScreenLimit,
): MenuStep {
  const { language, zone } = reader;
  const blank: MenuState = {
    language,
    zone,
    trail: [],
    stage: { kind: 'screen' },
    body: '',
    hint: '',
    page: 0,
    tries: 0,
  };
  return enter(book, blank, [screen], limit);
}

/** One answer of the subscriber. Pure: the same state and answer always give the same step. */
export function answerMenu(book: MenuBook, state: MenuState, typed: string, limit: ScreenLimit): MenuStep {
  const input = typed.trim();
  const pages = pagesOf(book, state, limit);
  if (input === '99' && state.page + 1 < pages.length)
    return show(book, { ...state, page: state.page + 1 }, limit);
  if (input === '00' || input === '#') return enter(book, state, state.trail.slice(0, 1), limit);
  if (state.stage.kind === 'confirm') return answerConfirm(book, state, state.stage.pendingId, input, limit);
  if (input === '0' || input === '*') return goBack(book, state, limit);
  const taken = takeAnswer(book, state, input, limit);
  return typeof taken === 'string' ? askAgain(book, state, taken, limit) : taken;
}

/** What a command answered. */
export function answerOutcome(
  book: MenuBook,
  state: MenuState,
  outcome: Outcome,
  limit: ScreenLimit,
): MenuStep {
  const { stage } = state;
  const what = stage.kind === 'running' ? stage.what : 'enquiry';
  const text = renderOutcome(book.texts, outcome, state);
  if (outcome.kind === 'unknown') return endWith(state, text);
  if (what === 'confirm' && stage.kind === 'running')
    return tellResult(book, state, text, stage.pendingId!, limit);
  const result = outcome.kind === 'done' ? outcome.result : undefined;
  if (result?.kind === 'language') {
    return tell(book, { ...state, language: result.language, trail: state.trail.slice(0, 1) }, text, limit);
  }
  if (result?.kind === 'cancelled')
    return tell(book, { ...state, trail: state.trail.slice(0, 1) }, text, limit);
  const list = what === 'list' && result !== undefined ? listOf(book, state, result) : undefined;
  if (list !== undefined) {
    const title = screenOf(book, state).text[state.language];
    const body = [title, ...list.lines].join('\n');
    const { choices } = list;
    return show(book, { ...state, stage: { kind: 'list', choices }, body, hint: '', page: 0 }, limit);
  }
  if (result?.kind === 'prepared') {
    const body = renderQuote(book.texts, result.quote, undefined, state.language);
    const confirm = { kind: 'confirm', pendingId: result.pendingId } as const;
    return show(book, { ...state, stage: confirm, body, hint: '', page: 0 }, limit);
  }
  // A list that is not there has no screen to come back to.
  const listless = what === 'list' && state.trail.length > 1;
  return tell(book, listless ? { ...state, trail: state.trail.slice(0, -1) } : state, text, limit);
}

/** The lines of a list that was looked up; undefined when there is nothing to choose. */
function listOf(
  { texts }: MenuBook,
  state: MenuState,
  result: Result,
): { readonly lines: string[]; readonly choices: Choice[] } | undefined {
  if (result.kind === 'catalogue' && result.items.length > 0) {
    return {
      lines: result.items.map((item) => catalogueLine(texts, item, state.language)),
      choices: result.items.map(({ number, code }) => ({ number, action: { kind: 'redeem', item: code } })),
    };
  }
  if (result.kind !== 'orders' || result.orders.length === 0) return undefined;
  return {
    lines: result.orders.map((order) => orderLine(texts, order, state)),
    choices: result.orders.map(({ number }) => ({ number, action: { kind: 'give_back', order: number } })),
  };
}

function enter(book: MenuBook, from: MenuState, trail: readonly string[], limit: ScreenLimit): MenuStep {
  const state: MenuState = { ...from, trail, stage: { kind: 'screen' }, hint: '', page: 0, tries: 0 };
  const screen = screenOf(book, state);
  const title = screen.text[state.language];
  if ('list' in screen) {
    return {
      kind: 'run',
      command: { kind: screen.list },
      state: { ...state, stage: { kind: 'running', what: 'list' } },
    };
  }
  const lines =
    'items' in screen ? screen.items.map(({ key, label }) => `${key} ${label[state.language]}`) : [];
  return show(book, { ...state, body: [title, ...lines].join('\n') }, limit);
}

function goBack(book: MenuBook, state: MenuState, limit: ScreenLimit): MenuStep {
  if (state.page > 0) return show(book, { ...state, page: state.page - 1 }, limit);
  // A result stands on the screen that asked for it; leaving it shows that screen again.
  const leaves = state.stage.kind === 'result' ? 0 : 1;
  const trail = state.trail.length > leaves ? state.trail.slice(0, state.trail.length - leaves) : state.trail;
  return enter(book, state, trail, limit);
}

function answerConfirm(
  book: MenuBook,
  state: MenuState,
  pendingId: string,
  input: string,
  limit: ScreenLimit,
): MenuStep {
  if (input === '1') {
    const stage = { kind: 'running', what: 'confirm', pendingId } as const;
    return { kind: 'run', command: { kind: 'confirm', pendingId }, state: { ...state, stage, tries: 0 } };
  }
  if (input === '0' || input === '*' || input === '2') {
    return {
      kind: 'run',
      command: { kind: 'cancel' },
      state: { ...state, stage: { kind: 'running', what: 'cancel' } },
    };
  }
  return askAgain(book, state, 'ussd.no_such_item', limit);
}

/** The step an answer leads to, or the text that says what is wrong with it. */
function takeAnswer(book: MenuBook, state: MenuState, input: string, limit: ScreenLimit): MenuStep | TextKey {
  const { stage } = state;
  if (stage.kind === 'list') {
    const choice = stage.choices.find(({ number }) => String(number) === input);
    return choice === undefined ? 'ussd.no_such_item' : prepare(state, choice.action);
  }
  const screen = screenOf(book, state);
  if (stage.kind !== 'screen') return 'ussd.no_such_item';
  if ('items' in screen) return takeItem(book, state, screen, input, limit);
  return 'ask' in screen ? takeValue(book, state, screen, input, limit) : 'ussd.no_such_item';
}

function takeItem(
  book: MenuBook,
  state: MenuState,
  screen: ItemsScreen,
  input: string,
  limit: ScreenLimit,
): MenuStep | TextKey {
  const item = screen.items.find(({ key }) => key === input);
  if (item === undefined) return 'ussd.no_such_item';
  if ('open' in item) return enter(book, state, [...state.trail, item.open], limit);
  const stage = { kind: 'running', what: 'enquiry' } as const;
  return { kind: 'run', command: commandOf(item.run), state: { ...state, stage, tries: 0 } };
}

function takeValue(
  book: MenuBook,
  state: MenuState,
  screen: AskScreen,
  input: string,
  limit: ScreenLimit,
): MenuStep | TextKey {
  if (screen.ask === 'msisdn') {
    const to = findRecipient(input, book.numberPlan);
    return to === undefined
      ? 'ussd.bad_number'
      : enter(book, { ...state, to }, [...state.trail, screen.then], limit);
  }
  const points = findAmount(input);
  if (points === undefined) return 'ussd.bad_points';
  if (screen.then === 'buy') return prepare(state, { kind: 'buy', points });
  if (state.to === undefined) return 'ussd.bad_points';
  return prepare(state, { kind: 'transfer', to: state.to, points });
}

function prepare(state: MenuState, action: MoneyAction): MenuStep {
  const stage = { kind: 'running', what: 'prepare' } as const;
  return { kind: 'run', command: { kind: 'prepare', action }, state: { ...state, stage, tries: 0 } };
}

function askAgain(book: MenuBook, state: MenuState, why: TextKey, limit: ScreenLimit): MenuStep {
  const tries = state.tries + 1;
  if (tries >= book.triesMax) return endWith(state, book.texts.say('ussd.too_many_tries', state.language));
  return show(book, { ...state, tries, hint: book.texts.say(why, state.language), page: 0 }, limit);
}

/** The text of an outcome, with the way back below it. */
function tell(book: MenuBook, state: MenuState, text: string, limit: ScreenLimit): ShowStep {
  return show(book, { ...state, stage: { kind: 'result' }, body: text, hint: '', page: 0, tries: 0 }, limit);
}

/** The last word on a money action ends the dialogue, unless it needs more than one page. */
function tellResult(
  book: MenuBook,
  state: MenuState,
  text: string,
  pendingId: string,
  limit: ScreenLimit,
): MenuStep {
  const one = paginate(text, { last: [], more: [] }, limit).length === 1;
  if (one) return { ...endWith(state, text), pendingId };
  return { ...tell(book, { ...state, trail: state.trail.slice(0, 1) }, text, limit), pendingId };
}

/** A last screen. */
function endWith(state: MenuState, text: string): ShowStep {
  return { kind: 'show', state, text, end: true };
}

function show(book: MenuBook, state: MenuState, limit: ScreenLimit): ShowStep {
  const pages = pagesOf(book, state, limit);
  const page = Math.min(state.page, pages.length - 1);
  return { kind: 'show', state: { ...state, page }, text: pages[page]!, end: false };
}

function pagesOf(book: MenuBook, state: MenuState, limit: ScreenLimit): string[] {
  const text = state.hint === '' ? state.body : `${state.hint}\n${state.body}`;
  return paginate(text, footersOf(book, state), limit);
}

function footersOf({ texts }: MenuBook, { stage, trail, language }: MenuState): Footers {
  const more = texts.say('ussd.more', language);
  const back = texts.say('ussd.back', language);
  if (stage.kind === 'confirm') {
    const keys = texts.say('ussd.confirm', language);
    return { last: [keys], more: [more, keys] };
  }
  const home = trail.length === 1 && stage.kind === 'screen';
  return home ? { last: [], more: [more] } : { last: [back], more: [more, back] };
}

function screenOf({ menu }: MenuBook, { trail }: MenuState): Screen {
  return menu.screens[trail.at(-1)!]!;
}
