import { IntakeFull } from '../../errors.ts';
import type { Logger } from '../../runtime/log.ts';
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
  /** A child logger of this call. */
  readonly log: Logger;
}

/** Makes the conversation of one call; the daemon does so for each arrival. */
export function createConversation(settings: ConversationSettings): CallConversation {
  return new Conversation(settings);
}

/** Steps kept for the record of one call. */
const PATH_MAX = 200;

/**
 * Performs what the pure script step asks for, and keeps account of which money result was heard, so that the others
 * are sent by SMS.
 */
class Conversation implements CallConversation {
  private readonly settings: ConversationSettings;
  private book: CallBook;
  private readonly path: string[] = [];
  private state: CallState;
  private deps: IvrCallDeps | undefined;
  /** The confirmed operation whose result is being told. */
  private telling: { readonly pendingId: string; readonly tellsAll: boolean } | undefined;
  private gone = false;

  constructor(settings: ConversationSettings) {
    const { script } = settings.book;
    this.settings = settings;
    this.book = settings.book;
    this.state = newCall(script.defaultLanguage, script.start);
  }

  async start(): Promise<CallAction> {
    try {
      this.deps = await this.settings.open();
    } catch (error) {
      this.settings.log.error({ err: error }, 'caller could not be looked up');
      return this.follow({ kind: 'failed' });
    }
    const { subscriber } = this.deps;
    const language = subscriber?.language ?? this.state.language;
    this.book = { ...this.book, zone: subscriber?.zone ?? this.book.zone };
    return this.follow({ kind: 'begin', known: subscriber !== undefined, language });
  }

  next(input: CallInput): Promise<CallAction> {
    this.settle(input.kind === 'played' && input.failed !== true);
    return this.follow(input);
  }

  ended(cause: string, heard: boolean): void {
    this.gone = true;
    this.settle(heard);
    this.settings.log.info({ cause, path: this.path }, 'call record');
  }

  /** Follows effects until the caller has to hear something. The channel may be gone long before. */
  private async follow(input: StepInput): Promise<CallAction> {
    let next = input;
    for (;;) {
      if (this.path.length < PATH_MAX) this.path.push(describe(this.state, next));
      const { state, effect } = advance(this.book, this.state, next);
      this.state = state;
      if (effect.kind !== 'act') {
        next = await this.carryOut(effect);
        continue;
      }
      if (effect.resultOf !== undefined) {
        this.telling = { pendingId: effect.resultOf, tellsAll: effect.tellsAll ?? true };
        if (this.gone) this.settle(false);
      }
      return effect.action;
    }
  }

  private async carryOut(effect: Exclude<Effect, { kind: 'act' }>): Promise<StepInput> {
    if (effect.kind === 'verifyPin') return { kind: 'pin', verdict: await this.verify(effect.digits) };
    return { kind: 'outcome', outcome: await this.execute(effect.stepId, effect.command) };
  }

  private async execute(stepId: string, command: Command): Promise<Outcome | { kind: 'busy' }> {
    try {
      return (await this.deps?.execute(stepId, command)) ?? { kind: 'unknown' };
    } catch (error) {
      if (error instanceof IntakeFull) return { kind: 'busy' };
      this.settings.log.error({ err: error, step: stepId }, 'call step failed');
      return { kind: 'unknown' };
    }
  }

  private async verify(digits: string): Promise<PinVerdict | 'unknown'> {
    try {
      return (await this.deps?.verifyPin(digits)) ?? 'unknown';
    } catch (error) {
      this.settings.log.error({ err: error }, 'PIN check failed');
      return 'unknown';
    }
  }

  private settle(heard: boolean): void {
    if (this.telling === undefined) return;
    const { pendingId, tellsAll } = this.telling;
    this.telling = undefined;
    try {
      this.deps?.resultHeard(pendingId, heard && tellsAll);
    } catch (error) {
      this.settings.log.error({ err: error }, 'heard mark failed');
    }
  }
}
