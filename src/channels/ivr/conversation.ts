import { IntakeFull } from '../../errors.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Language } from '../../values/language.ts';
import type { Command, Outcome } from '../command.ts';
import { advance } from './advance.ts';
import type { CallBook } from './compose.ts';
import type { IvrCallDeps, OpenCall, PinVerdict } from './deps.ts';
import { describe } from './path.ts';
import { newCall, type CallState, type Effect, type StepInput } from './state.ts';
import type { CallAction, CallConversation, CallInput } from './step.ts';

export interface ConversationSettings {
  readonly book: CallBook;
  readonly open: OpenCall;
  readonly log: Logger;
}

/** Steps kept for the record of one call. */
const PATH_MAX = 200;

/**
 * A call's conversation: it performs what the pure script step asks for, and keeps account of which money result was
 * heard, so that the others are sent by SMS.
 */
export function createConversation({ book, open, log }: ConversationSettings): CallConversation {
  const fallback: Language = book.script.defaultLanguage;
  const path: string[] = [];
  let state: CallState = newCall(fallback, book.script.start);
  let deps: IvrCallDeps | undefined;
  /** The confirmed operation whose result is being told. */
  let telling: { readonly pendingId: string; readonly tellsAll: boolean } | undefined;
  let gone = false;

  const settle = (heard: boolean): void => {
    if (telling === undefined) return;
    const { pendingId, tellsAll } = telling;
    telling = undefined;
    try {
      deps?.resultHeard(pendingId, heard && tellsAll);
    } catch (error) {
      log.error({ err: error }, 'heard mark failed');
    }
  };

  /** Follows effects until the caller has to hear something. */
  const follow = async (input: StepInput): Promise<CallAction> => {
    let next = input;
    for (;;) {
      if (path.length < PATH_MAX) path.push(describe(state, next));
      const turn = advance(book, state, next);
      state = turn.state;
      if (turn.effect.kind === 'act') {
        if (turn.effect.resultOf !== undefined) {
          telling = { pendingId: turn.effect.resultOf, tellsAll: turn.effect.tellsAll ?? true };
          if (gone) settle(false);
        }
        return turn.effect.action;
      }
      next = await carryOut(turn.effect);
    }
  };

  const carryOut = async (effect: Exclude<Effect, { kind: 'act' }>): Promise<StepInput> => {
    if (effect.kind === 'verifyPin') return { kind: 'pin', verdict: await verify(effect.digits) };
    return { kind: 'outcome', outcome: await execute(effect.stepId, effect.command) };
  };

  const execute = async (stepId: string, command: Command): Promise<Outcome | { kind: 'busy' }> => {
    try {
      return (await deps?.execute(stepId, command)) ?? { kind: 'unknown' };
    } catch (error) {
      if (error instanceof IntakeFull) return { kind: 'busy' };
      log.error({ err: error, step: stepId }, 'call step failed');
      return { kind: 'unknown' };
    }
  };

  const verify = async (digits: string): Promise<PinVerdict | 'unknown'> => {
    try {
      return (await deps?.verifyPin(digits)) ?? 'unknown';
    } catch (error) {
      log.error({ err: error }, 'PIN check failed');
      return 'unknown';
    }
  };

  return {
    async start() {
      try {
        deps = await open();
      } catch (error) {
        log.error({ err: error }, 'caller could not be looked up');
        return follow({ kind: 'failed' });
      }
      const { subscriber } = deps;
      return follow({
        kind: 'begin',
        known: subscriber !== undefined,
        language: subscriber?.language ?? fallback,
      });
    },
    next(input: CallInput) {
      settle(input.kind === 'played' && input.failed !== true);
      return follow(input);
    },
    ended(cause, heard) {
      gone = true;
      settle(heard);
      log.info({ cause, path }, 'call record');
    },
  };
}
