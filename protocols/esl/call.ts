import type { CallAction, CallConversation } from '../../src/channels/ivr/step.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { IvrConfig } from '../../src/runtime/config/ivr.ts';
import type { Logger } from '../../src/runtime/log.ts';
import { isExtension } from './argument.ts';
import type { EslConnection } from './connection.ts';
import type { EslEvent } from './event.ts';
import { askDigits, playPrompt, type Performed, type PlayChannel } from './play.ts';

/** What ended a call: a hang-up (caller or script), a transfer, the time limit, a fault, or our stop. */
export type CallEnd = 'hangup' | 'transfer' | 'limit' | 'fault' | 'stopped';

export interface CallDeps {
  readonly connection: EslConnection;
  readonly conversation: CallConversation;
  readonly clock: Clock;
  readonly log: Logger;
  readonly config: Pick<IvrConfig, 'promptMaxMs' | 'commandTimeoutMs' | 'callMaxMs'>;
  /** Answers the channel; false when it could not be. */
  prepare(): Promise<boolean>;
}

/**
 * Carries out what a conversation wants, one action after another, until somebody hangs up.
 *
 * `conversation.ended` is called exactly once, at the very moment the channel is known to be gone, whatever is in
 * progress then.
 */
export class Call implements PlayChannel {
  /** Resolves when the conversation is over; never rejects. */
  readonly over: Promise<CallEnd>;
  readonly connection: EslConnection;
  readonly promptMaxMs: number;
  readonly commandTimeoutMs: number;
  private readonly deps: CallDeps;
  private readonly cancelLimit: () => void;
  private inProgress: CallAction['kind'] | undefined;
  private promptPlayed = false;
  private variables = 0;
  private how: CallEnd = 'hangup';
  private gone = false;
  private resolveOver: (end: CallEnd) => void = () => undefined;

  constructor(deps: CallDeps) {
    this.deps = deps;
    this.connection = deps.connection;
    this.promptMaxMs = deps.config.promptMaxMs;
    this.commandTimeoutMs = deps.config.commandTimeoutMs;
    this.over = new Promise((resolve) => (this.resolveOver = resolve));
    this.cancelLimit = deps.clock.after(deps.config.callMaxMs, () => this.stop('ALLOTTED_TIMEOUT', 'limit'));
    this.converse().catch((error: unknown) => {
      deps.log.error({ err: error }, 'conversation failed');
      this.stop('NORMAL_TEMPORARY_FAILURE', 'fault');
    });
  }

  freshVariable(): string {
    return `bg_input_${++this.variables}`;
  }

  isGone(): boolean {
    return this.gone;
  }

  /** Takes the events of this channel, in order. */
  take(event: EslEvent): void {
    const name = event.get('event-name');
    if (name === 'PLAYBACK_STOP' && event.get('playback-status') === 'done') this.promptPlayed = true;
    if (event.get('application-response') === 'FILE PLAYED' && event.get('application') === 'playback') {
      this.promptPlayed = true;
    }
    if (name === 'CHANNEL_HANGUP' || name === 'CHANNEL_HANGUP_COMPLETE') {
      this.end(event.get('hangup-cause') ?? 'NORMAL_CLEARING');
    }
  }

  /** The socket closed: whatever was in progress is over. */
  lost(): void {
    this.end('SOCKET_CLOSED');
  }

  /** Ends the call from our side. */
  stop(cause: string, how: CallEnd): void {
    if (this.gone) return;
    this.how = how;
    void this.connection.hangup(cause).then((reply) => {
      if (reply.kind === 'lost' && reply.reason === 'closed') this.end(cause);
    });
    this.deps.clock.after(this.commandTimeoutMs, () => this.end(cause));
  }

  private async converse(): Promise<void> {
    const { conversation, log } = this.deps;
    const answered = await this.deps.prepare();
    if (this.gone) return;
    if (!answered) return this.stop('NORMAL_TEMPORARY_FAILURE', 'fault');
    let action = await conversation.start();
    while (!this.isGone()) {
      this.inProgress = action.kind;
      this.promptPlayed = false;
      const performed = await this.perform(action);
      if (performed.kind === 'gone') return;
      if (performed.kind === 'fault') {
        log.error({ action: action.kind }, 'call action failed');
        return this.stop('NORMAL_TEMPORARY_FAILURE', 'fault');
      }
      if (performed.kind === 'played' && performed.failed === true)
        log.error('prompt not played: sound file missing');
      this.inProgress = undefined;
      action = await conversation.next(performed);
    }
  }

  private async perform(action: CallAction): Promise<Performed> {
    switch (action.kind) {
      case 'ask':
        return askDigits(this, action);
      case 'play':
        return playPrompt(this, action.prompt);
      case 'transfer':
        return this.transfer(action.extension);
      case 'hangup':
        this.stop('NORMAL_CLEARING', 'hangup');
        return { kind: 'gone' };
    }
  }

  private async transfer(extension: string): Promise<Performed> {
    if (!isExtension(extension)) return { kind: 'fault' };
    const sent = await this.connection.execute('transfer', extension, this.commandTimeoutMs);
    if (sent.kind === 'lost' && sent.reason !== 'closed') return { kind: 'fault' };
    if (!this.gone) this.how = 'transfer';
    this.end('TRANSFERRED');
    return { kind: 'gone' };
  }

  private end(cause: string): void {
    if (this.gone) return;
    this.gone = true;
    this.cancelLimit();
    const spoken = this.inProgress === 'play' || this.inProgress === 'ask';
    try {
      this.deps.conversation.ended(cause, spoken ? this.promptPlayed : this.inProgress !== undefined);
    } catch (error) {
      this.deps.log.error({ err: error }, 'conversation failed at its end');
    }
    this.resolveOver(this.how);
  }
}
