import type { CallAction, CallConversation } from '../../src/channels/ivr/step.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { IvrConfig } from '../../src/runtime/config/ivr.ts';
import type { Logger } from '../../src/runtime/log.ts';
import { isExtension } from './argument.ts';
import type { EslConnection } from './connection.ts';
import type { EslEvent } from './event.ts';
import { askDigits, playPrompt, type Performed, type PlayChannel } from './play.ts';

export type CallEnd = 'hangup' | 'transfer' | 'limit' | 'fault';

/** A conversation running on one channel. */
export interface RunningCall {
  /** Events of this channel, in order. */
  take(event: EslEvent): void;
  /** The socket closed: whatever was in progress is over. */
  lost(): void;
  /** Ends the call from our side: the daemon stops, or the call took too long. */
  stop(cause: string, how: CallEnd): void;
  /** Resolves when the conversation is over; never rejects. */
  readonly over: Promise<CallEnd>;
}

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
 * Carries out what the conversation wants, one action after another, until somebody hangs up.
 *
 * `conversation.ended` is called exactly once, at the very moment the channel is known to be gone, whatever is in
 * progress then.
 */
export function runCall(deps: CallDeps): RunningCall {
  const { connection, conversation, clock, log, config } = deps;
  let inProgress: CallAction['kind'] | undefined;
  let promptPlayed = false;
  let variables = 0;
  let how: CallEnd = 'hangup';
  let gone = false;
  let resolveOver: (end: CallEnd) => void;
  const over = new Promise<CallEnd>((resolve) => (resolveOver = resolve));

  const end = (cause: string): void => {
    if (gone) return;
    gone = true;
    cancelLimit();
    const spoken = inProgress === 'play' || inProgress === 'ask';
    try {
      conversation.ended(cause, spoken ? promptPlayed : inProgress !== undefined);
    } catch (error) {
      log.error({ err: error }, 'conversation failed at its end');
    }
    resolveOver(how);
  };
  const stop = (cause: string, why: CallEnd): void => {
    if (gone) return;
    how = why;
    void connection.hangup(cause).then((reply) => {
      if (reply.kind === 'lost' && reply.reason === 'closed') end(cause);
    });
    clock.after(config.commandTimeoutMs, () => end(cause));
  };
  const cancelLimit = clock.after(config.callMaxMs, () => stop('ALLOTTED_TIMEOUT', 'limit'));

  const channel: PlayChannel = {
    connection,
    promptMaxMs: config.promptMaxMs,
    commandTimeoutMs: config.commandTimeoutMs,
    freshVariable: () => `bg_input_${++variables}`,
    isGone: () => gone,
  };

  const perform = async (action: CallAction): Promise<Performed> => {
    switch (action.kind) {
      case 'ask':
        return askDigits(channel, action);
      case 'play':
        return playPrompt(channel, action.prompt);
      case 'transfer': {
        if (!isExtension(action.extension)) return { kind: 'fault' };
        how = 'transfer';
        const sent = await connection.execute('transfer', action.extension, config.commandTimeoutMs);
        if (sent.kind === 'lost' && sent.reason !== 'closed') return { kind: 'fault' };
        end('TRANSFERRED');
        return { kind: 'gone' };
      }
      case 'hangup':
        stop('NORMAL_CLEARING', 'hangup');
        return { kind: 'gone' };
    }
  };

  const converse = async (): Promise<void> => {
    if (!(await deps.prepare())) {
      stop('NORMAL_TEMPORARY_FAILURE', 'fault');
      return;
    }
    if (gone) return;
    let action = await conversation.start();
    while (!gone) {
      inProgress = action.kind;
      promptPlayed = false;
      const performed = await perform(action);
      if (performed.kind === 'gone') return;
      if (performed.kind === 'fault') {
        log.error({ action: action.kind }, 'call action failed');
        stop('NORMAL_TEMPORARY_FAILURE', 'fault');
        return;
      }
      if (performed.kind === 'played' && performed.failed === true)
        log.error('prompt not played: sound file missing');
      inProgress = undefined;
      action = await conversation.next(performed);
    }
  };
  converse().catch((error: unknown) => {
    log.error({ err: error }, 'conversation failed');
    stop('NORMAL_TEMPORARY_FAILURE', 'fault');
  });

  return {
    take(event) {
      switch (event.get('event-name')) {
        case 'PLAYBACK_STOP':
          if (event.get('playback-status') === 'done') promptPlayed = true;
          break;
        case 'CHANNEL_HANGUP':
        case 'CHANNEL_HANGUP_COMPLETE':
          end(event.get('hangup-cause') ?? 'NORMAL_CLEARING');
          break;
        default:
      }
    },
    lost: () => end('SOCKET_CLOSED'),
    stop,
    over,
  };
}
