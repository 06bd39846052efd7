import type { RefusalCode, RefusalDetail } from '../../errors.ts';
import { later } from '../../values/instant.ts';
import type { BalanceView, CatalogueItem, HistoryEntry, Outcome, Result } from '../command.ts';
import { ask, backToMenu, ITEMS_MAX, tell, tellAndHangUp } from './ask.ts';
import { say, type CallBook } from './compose.ts';
import type { PhraseName } from './phrases.ts';
import type { CallState, Question, Stage, Turn } from './state.ts';
import type { PromptFiles } from './step.ts';

type Executing = Extract<Stage, { kind: 'executing' }>;

/** Says how a command ended and goes on. An unknown outcome is asked for once more, under the same step id. */
export function answerOutcome(
  book: CallBook,
  state: CallState,
  executing: Executing,
  outcome: Outcome | { readonly kind: 'busy' },
): Turn {
  const { command, stepId } = executing;
  switch (outcome.kind) {
    case 'done':
      return answerResult(book, state, executing, outcome.result);
    case 'refused':
      return answerRefusal(book, state, executing, outcome.code, outcome.detail);
    case 'busy':
      return tellAndHangUp(book, state, say(book, state.language, 'busy', {}));
    case 'unknown':
      if (!executing.retried) {
        const stage = { ...executing, retried: true };
        return { state: { ...state, stage }, effect: { kind: 'execute', stepId, command } };
      }
      return tellAndHangUp(
        book,
        state,
        say(book, state.language, command.kind === 'confirm' ? 'resultUnknown' : 'sorry', {}),
      );
  }
}

function answerResult(book: CallBook, state: CallState, executing: Executing, result: Result): Turn {
  const { language } = state;
  const pendingId =
    executing.command.kind === 'confirm' && 'pendingId' in executing.command
      ? executing.command.pendingId
      : undefined;
  switch (result.kind) {
    case 'balance':
      return backToMenu(book, state, sayBalance(book, state, result.balance));
    case 'history':
      return backToMenu(book, state, sayHistory(book, state, result.entries));
    case 'catalogue':
      return offer(book, state, result.items);
    case 'help':
      return backToMenu(book, state, say(book, language, 'help', {}));
    case 'cancelled':
      return backToMenu(book, state, say(book, language, 'cancelled', {}));
    case 'language': {
      const changed = { ...state, language: result.language, menus: state.menus.slice(0, 1) };
      return backToMenu(book, changed, say(book, result.language, 'languageChanged', {}));
    }
    case 'prepared':
      return ask(book, state, { kind: 'confirm', pendingId: result.pendingId, quote: result.quote });
    case 'transferred': {
      const { points, to, available } = result;
      return tell(
        calm(state),
        say(book, language, 'transferred', { points, to, available }),
        { kind: 'menu' },
        pendingId,
      );
    }
    case 'ordered': {
      const { item, available } = result;
      const told = say(book, language, 'ordered', { item: item.code, available });
      return tell(calm(state), told, { kind: 'menu' }, pendingId);
    }
    case 'orders':
    case 'given_back':
    case 'buying':
      throw new Error(`a call has no key that leads to ${result.kind}`);
    case 'redeemed': {
      const told = say(book, language, 'redeemed', { item: result.item.code, available: result.available });
      if (result.voucher === undefined) return tell(calm(state), told, { kind: 'menu' }, pendingId);
      const prompt = [...told, ...say(book, language, 'voucherBySms', {})];
      return tell(calm(state), prompt, { kind: 'menu' }, pendingId, false);
    }
  }
}

function calm(state: CallState): CallState {
  return { ...state, silences: 0, mistakes: 0, refusals: 0 };
}

function sayBalance(book: CallBook, { language }: CallState, balance: BalanceView): PromptFiles {
  const { available, held, pending, debt } = balance;
  const expiring = balance.expiring.slice(0, book.script.expiringMax);
  return [
    ...say(book, language, 'balance', { available }),
    ...(held > 0n ? say(book, language, 'balanceHeld', { points: held }) : []),
    ...(pending > 0n ? say(book, language, 'balancePending', { points: pending }) : []),
    ...(debt > 0n ? say(book, language, 'balanceDebt', { points: debt }) : []),
    ...(expiring.length > 0 ? say(book, language, 'balanceExpiring', {}) : []),
    // Points end at midnight; people count the last whole day.
    ...expiring.flatMap(({ at, points }) =>
      say(book, language, 'balanceExpiringEntry', { at: later(at, -1), points }),
    ),
  ];
}

const HISTORY = {
  earn: 'historyEarn',
  spend: 'historySpend',
  transfer_in: 'historyTransferIn',
  transfer_out: 'historyTransferOut',
  adjust: 'historyAdjust',
  expire: 'historyExpire',
  reverse: 'historyReverse',
} as const satisfies Record<HistoryEntry['kind'], PhraseName>;

/** Corrections and reversals go both ways and keep their sign; the words of the others tell the direction. */
function sayHistory(book: CallBook, { language }: CallState, entries: readonly HistoryEntry[]): PromptFiles {
  if (entries.length === 0) return say(book, language, 'historyEmpty', {});
  const told = entries.slice(0, book.script.historyMax).flatMap(({ kind, at, points }) => {
    const signed = kind === 'adjust' || kind === 'reverse';
    return say(book, language, HISTORY[kind], { at, points: signed || points > 0n ? points : -points });
  });
  return [...say(book, language, 'historyHeading', {}), ...told];
}

function offer(book: CallBook, state: CallState, items: readonly CatalogueItem[]): Turn {
  const offered = items.filter(({ number }) => number >= 1 && number <= ITEMS_MAX);
  if (offered.length === 0) return backToMenu(book, state, say(book, state.language, 'catalogueEmpty', {}));
  return ask(book, calm(state), { kind: 'item', items: offered });
}

/** Where a refused caller may try again: after the second refusal it is the menu. */
type Again = 'recipient' | 'points' | 'menu';

const REFUSED = {
  account_closed: ['refusedGeneral', 'menu'],
  account_frozen: ['refusedSuspended', 'menu'],
  account_unknown: ['refusedGeneral', 'menu'],
  agreement_missing: ['refusedGeneral', 'menu'],
  agreement_overlaps: ['refusedGeneral', 'menu'],
  approval_required: ['refusedGeneral', 'menu'],
  buying_not_offered: ['refusedGeneral', 'menu'],
  capture_exceeds_hold: ['refusedGeneral', 'menu'],
  clearing_not_due: ['refusedGeneral', 'menu'],
  clearing_state: ['refusedGeneral', 'menu'],
  confirmation_code_wrong: ['refusedExpired', 'menu'],
  confirmation_not_pending: ['refusedExpired', 'menu'],
  currency_unsupported: ['refusedGeneral', 'menu'],
  event_backdated: ['refusedGeneral', 'menu'],
  event_in_future: ['refusedGeneral', 'menu'],
  expiry_in_past: ['refusedGeneral', 'menu'],
  hold_not_active: ['refusedGeneral', 'menu'],
  idempotency_mismatch: ['refusedGeneral', 'menu'],
  idempotency_key_expired: ['refusedExpired', 'menu'],
  item_out_of_stock: ['refusedStock', 'menu'],
  item_unknown: ['refusedItem', 'menu'],
  limit_exceeded: ['refusedLimit', 'menu'],
  msisdn_invalid: ['recipientInvalid', 'recipient'],
  not_transferable: ['refusedNotTransferable', 'menu'],
  number_in_use: ['refusedGeneral', 'menu'],
  order_not_cancellable: ['refusedGeneral', 'menu'],
  order_unknown: ['refusedGeneral', 'menu'],
  origin_untrusted: ['refusedOrigin', 'menu'],
  parameter_conflict: ['refusedGeneral', 'menu'],
  parameter_invalid: ['refusedGeneral', 'menu'],
  parameter_unknown: ['refusedGeneral', 'menu'],
  partner_key_unknown: ['refusedGeneral', 'menu'],
  partner_keys_full: ['refusedGeneral', 'menu'],
  partner_operation_unknown: ['refusedGeneral', 'menu'],
  partner_prepaid_exhausted: ['refusedGeneral', 'menu'],
  partner_unknown: ['refusedGeneral', 'menu'],
  pin_locked: ['pinLocked', 'menu'],
  pin_not_set: ['pinNotSet', 'menu'],
  pin_weak: ['refusedGeneral', 'menu'],
  pin_wrong: ['pinWrong', 'menu'],
  points_insufficient: ['refusedPoints', 'points'],
  points_invalid: ['pointsInvalid', 'points'],
  price_changed: ['refusedPrice', 'menu'],
  reason_required: ['refusedGeneral', 'menu'],
  recipient_unknown: ['refusedRecipient', 'recipient'],
  reversal_exceeds_original: ['refusedGeneral', 'menu'],
  rule_set_not_draft: ['refusedGeneral', 'menu'],
  rule_set_unknown: ['refusedGeneral', 'menu'],
  rules_invalid: ['refusedGeneral', 'menu'],
  rules_not_replayed: ['refusedGeneral', 'menu'],
  statement_unknown: ['refusedGeneral', 'menu'],
  stopped: ['refusedGeneral', 'menu'],
  subscriber_suspended: ['refusedSuspended', 'menu'],
  subscriber_unknown: ['refusedGeneral', 'menu'],
  transfer_to_self: ['refusedSelf', 'recipient'],
  transfer_unknown: ['refusedGeneral', 'menu'],
} as const satisfies Record<RefusalCode, readonly [PhraseName, Again]>;

function answerRefusal(
  book: CallBook,
  state: CallState,
  executing: Executing,
  code: RefusalCode,
  detail: RefusalDetail,
): Turn {
  const [phrase, again] = REFUSED[code];
  const why = sayRefusal(book, state, phrase, detail);
  const refused = { ...state, refusals: state.refusals + 1 };
  const question = questionAgain(executing, again);
  if (question === undefined || refused.refusals > 2) return backToMenu(book, state, why);
  return ask(book, refused, question, why);
}

function questionAgain({ command, from }: Executing, again: Again): Question | undefined {
  if (command.kind !== 'prepare' || command.action.kind !== 'transfer') return undefined;
  if (again === 'recipient') return { kind: 'recipient' };
  if (again === 'points') return from;
  return undefined;
}

function sayRefusal(
  book: CallBook,
  { language }: CallState,
  phrase: (typeof REFUSED)[RefusalCode][0],
  detail: RefusalDetail,
): PromptFiles {
  const available = detail['available'];
  if (phrase === 'refusedPoints' && typeof available === 'bigint') {
    return say(book, language, 'refusedPointsAvailable', { available });
  }
  return say(book, language, phrase, {});
}
