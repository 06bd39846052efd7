import { parsePoints } from '../../values/points.ts';
import { findMsisdn } from '../../values/msisdn.ts';
import { LANGUAGES } from '../../values/language.ts';
import type { Command } from '../command.ts';
import { ask, backToMenu, giveUp, menuOf, tell, tellAndHangUp } from './ask.ts';
import { say, type CallBook } from './compose.ts';
import { answerOutcome } from './outcome.ts';
import type { KeyAction } from './script.ts';
import type { CallState, Next, Question, StepInput, Turn, Wish } from './state.ts';

/**
 * One step of a call: what was heard or learnt last decides what is done next. Pure: the same state and input always
 * give the same answer, and nothing happens outside.
 */
export function advance(book: CallBook, state: CallState, input: StepInput): Turn {
  const { stage } = state;
  switch (input.kind) {
    case 'begin':
      return begin(book, { ...state, language: input.language }, input.known);
    case 'failed':
      return tellAndHangUp(book, state, say(book, state.language, 'sorry', {}));
    case 'played':
      return stage.kind === 'saying' ? goOn(book, state, stage.next) : leave(state);
    case 'outcome':
      return stage.kind === 'executing' ? answerOutcome(book, state, stage, input.outcome) : leave(state);
    case 'pin':
      return stage.kind === 'verifying' ? answerPin(book, state, stage.wish, input.verdict) : leave(state);
    case 'noInput':
    case 'noMatch':
      return isQuestion(stage) ? askAgain(book, state, stage, input.kind) : leave(state);
    case 'digits':
      return isQuestion(stage) ? answer(book, { ...state, silences: 0 }, stage, input.digits) : leave(state);
  }
}

function isQuestion(stage: CallState['stage']): stage is Question {
  return !['saying', 'executing', 'verifying', 'leaving'].includes(stage.kind);
}

function begin(book: CallBook, state: CallState, known: boolean): Turn {
  if (known) return ask(book, state, { kind: 'menu' }, say(book, state.language, 'welcome', {}));
  const others = LANGUAGES.filter((language) => language !== state.language);
  const prompt = [state.language, ...others].flatMap((language) => say(book, language, 'unknownCaller', {}));
  return tell(state, prompt, { kind: 'hangup' });
}

/** An input that cannot be: the call ends rather than guessing. */
function leave(state: CallState): Turn {
  return {
    state: { ...state, stage: { kind: 'leaving' } },
    effect: { kind: 'act', action: { kind: 'hangup' } },
  };
}

function goOn(book: CallBook, state: CallState, next: Next): Turn {
  if (next.kind === 'hangup') return leave(state);
  if (next.kind !== 'operator') return ask(book, state, next);
  if (book.script.operator === undefined) return leave(state);
  const action = { kind: 'transfer', extension: book.script.operator } as const;
  return { state: { ...state, stage: { kind: 'leaving' } }, effect: { kind: 'act', action } };
}

/** Silence and wrong keys are counted apart; too many of either lead to the operator or the end. */
function askAgain(book: CallBook, state: CallState, question: Question, how: 'noInput' | 'noMatch'): Turn {
  const silences = how === 'noInput' ? state.silences + 1 : state.silences;
  const mistakes = how === 'noMatch' ? state.mistakes + 1 : state.mistakes;
  const counted = { ...state, silences, mistakes };
  if (silences >= book.script.noInputMax || mistakes >= book.script.noMatchMax) return giveUp(book, counted);
  const why = how === 'noInput' ? 'noInput' : WRONG[question.kind];
  return ask(book, counted, question, say(book, state.language, why, {}));
}

const WRONG = {
  menu: 'noMatch',
  item: 'noMatch',
  confirm: 'noMatch',
  pin: 'pinInvalid',
  recipient: 'recipientInvalid',
  points: 'pointsInvalid',
} as const satisfies Record<Question['kind'], string>;

function answer(book: CallBook, state: CallState, question: Question, digits: string): Turn {
  if (question.kind === 'menu') {
    const action = menuOf(book, state).keys[digits];
    return action === undefined ? askAgain(book, state, question, 'noMatch') : pressKey(book, state, action);
  }
  if (digits === '*') return cancel(book, state, question);
  switch (question.kind) {
    case 'item': {
      if (digits === '9') return ask(book, state, question);
      const item = question.items.find((offered) => String(offered.number) === digits);
      return item === undefined
        ? askAgain(book, state, question, 'noMatch')
        : askPinFirst(book, state, { kind: 'redeem', item });
    }
    case 'pin':
      return {
        state: { ...state, stage: { kind: 'verifying', wish: question.wish } },
        effect: { kind: 'verifyPin', digits },
      };
    case 'recipient': {
      const to = findMsisdn(digits, book.numberPlan);
      if (to === undefined) return askAgain(book, state, question, 'noMatch');
      return ask(book, fresh(state), { kind: 'points', to });
    }
    case 'points': {
      const points = findPoints(digits);
      if (points === undefined) return askAgain(book, state, question, 'noMatch');
      const action = { kind: 'transfer', to: question.to, points } as const;
      return execute(fresh(state), { kind: 'prepare', action }, question);
    }
    case 'confirm':
      if (digits === '9') return ask(book, state, question);
      return execute(fresh(state), { kind: 'confirm', pendingId: question.pendingId }, question);
  }
}

function fresh(state: CallState): CallState {
  return { ...state, silences: 0, mistakes: 0 };
}

function findPoints(digits: string): bigint | undefined {
  try {
    return parsePoints(digits);
  } catch {
    return undefined;
  }
}

/** Star: leave what was begun. A prepared operation is withdrawn, so that nothing stays behind. */
function cancel(book: CallBook, state: CallState, question: Question): Turn {
  if (question.kind === 'confirm') return execute(state, { kind: 'cancel' }, question);
  return backToMenu(book, state);
}

function pressKey(book: CallBook, state: CallState, action: KeyAction): Turn {
  const calm = { ...fresh(state), refusals: 0 };
  switch (action) {
    case 'back':
      return backToMenu(book, {
        ...calm,
        menus: state.menus.length > 1 ? state.menus.slice(0, -1) : state.menus,
      });
    case 'top':
      return backToMenu(book, { ...calm, menus: state.menus.slice(0, 1) });
    case 'repeat':
      return ask(book, calm, { kind: 'menu' });
    case 'operator':
      return giveUp(book, calm);
    case 'hangup':
      return tellAndHangUp(book, calm, []);
    default:
  }
  if ('submenu' in action) return backToMenu(book, { ...calm, menus: enter(state.menus, action.submenu) });
  if ('language' in action)
    return execute(calm, { kind: 'language', language: action.language }, { kind: 'menu' });
  switch (action.operation) {
    case 'help':
      return backToMenu(book, calm, say(book, state.language, 'help', {}));
    case 'transfer':
      return askPinFirst(book, calm, { kind: 'transfer' });
    case 'balance':
    case 'history':
    case 'catalogue':
      return execute(calm, { kind: action.operation }, { kind: 'menu' });
  }
}

/** Menus may lead in circles; the way back is kept short. */
function enter(menus: readonly string[], name: string): readonly string[] {
  const at = menus.indexOf(name);
  return at === -1 ? [...menus, name] : menus.slice(0, at + 1);
}

function execute(state: CallState, command: Command, from: Question): Turn {
  const steps = state.steps + 1;
  const stepId = `${steps}-${command.kind}`;
  return {
    state: { ...state, steps, stage: { kind: 'executing', stepId, command, retried: false, from } },
    effect: { kind: 'execute', stepId, command },
  };
}

/** The caller's number alone is no proof: nothing is spent before the PIN. It is asked once per call. */
function askPinFirst(book: CallBook, state: CallState, wish: Wish): Turn {
  if (state.pinPassed) return grant(book, fresh(state), wish);
  if (state.pinFailures >= book.script.pinAttemptsMax) {
    return backToMenu(book, state, say(book, state.language, 'pinTooOften', {}));
  }
  return ask(book, fresh(state), { kind: 'pin', wish });
}

function grant(book: CallBook, state: CallState, wish: Wish): Turn {
  if (wish.kind === 'transfer') return ask(book, state, { kind: 'recipient' });
  const command = { kind: 'prepare', action: { kind: 'redeem', item: wish.item.code } } as const;
  return execute(state, command, { kind: 'menu' });
}

function answerPin(
  book: CallBook,
  state: CallState,
  wish: Wish,
  verdict: Extract<StepInput, { kind: 'pin' }>['verdict'],
): Turn {
  const { language } = state;
  switch (verdict) {
    case 'ok':
      return grant(book, { ...fresh(state), pinPassed: true }, wish);
    case 'locked':
      return backToMenu(book, state, say(book, language, 'pinLocked', {}));
    case 'not_set':
      return backToMenu(book, state, say(book, language, 'pinNotSet', {}));
    case 'unknown':
      return tellAndHangUp(book, state, say(book, language, 'sorry', {}));
    case 'wrong': {
      const failed = { ...state, pinFailures: state.pinFailures + 1 };
      return failed.pinFailures >= book.script.pinAttemptsMax
        ? backToMenu(book, failed, say(book, language, 'pinTooOften', {}))
        : ask(book, failed, { kind: 'pin', wish }, say(book, language, 'pinWrong', {}));
    }
  }
}
