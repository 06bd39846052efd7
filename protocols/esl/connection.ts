import type { Socket } from 'node:net';
import type { Clock } from '../../src/runtime/clock.ts';
import { newTraceId } from '../../src/runtime/ids.ts';
import type { Logger } from '../../src/runtime/log.ts';
import { isSafeLine } from './argument.ts';
import { parseEvent, type EslEvent } from './event.ts';
import { createFrameParser, type EslFrame } from './frame.ts';
import type { EslHeaders } from './headers.ts';

/** How a wait ended. Waits never reject: a command nobody awaits must not become an unhandled rejection. */
export type Waited<T> =
  | { readonly kind: 'done'; readonly value: T }
  /** `refused`: FreeSWITCH answered -ERR, or the text was not safe to send. */
  | { readonly kind: 'lost'; readonly reason: 'closed' | 'timeout' | 'refused' };

export interface EslConnection {
  /** Sends one command and waits for its own reply: replies come strictly in the order of the commands. */
  command(line: string): Promise<Waited<EslHeaders>>;
  /** Runs an application on the channel and waits for its CHANNEL_EXECUTE_COMPLETE, at most `timeoutMs`. */
  execute(application: string, argument: string, timeoutMs: number): Promise<Waited<EslEvent>>;
  /** Ends the call by message, which also works while an application runs. */
  hangup(cause: string): Promise<Waited<EslHeaders>>;
  /** Sends what is still queued, then closes. */
  close(): void;
}

export interface EslConnectionDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Wait for a reply to a command. */
  readonly commandMs: number;
  onEvent(event: EslEvent): void;
  /** FreeSWITCH ended the control of the channel: `linger` while late events still come, `disconnect` for good. */
  onNotice(disposition: string): void;
  /** The socket is gone; called once, after every wait has ended. */
  onClose(): void;
}

/** Frames that make no sense before the peer is given up. */
const COMPLAINTS_MAX = 20;

interface Wait<T> {
  settle(result: Waited<T>): void;
}

/** One event socket, whichever side opened it: replies in order, completions by their Application-UUID. */
export function createConnection(socket: Socket, deps: EslConnectionDeps): EslConnection {
  const parser = createFrameParser();
  const replies: Wait<EslHeaders>[] = [];
  const running = new Map<string, Wait<EslEvent>>();
  /** Application uuids are unique over calls: a completion of another channel never matches. */
  const prefix = newTraceId().slice(0, 12);
  let closed = false;
  let serial = 0;
  let complaints = 0;

  const complain = (fields: object, message: string): void => {
    if (++complaints <= COMPLAINTS_MAX) deps.log.warn(fields, message);
  };

  const wait = <T>(
    timeoutMs: number,
    begin: (pending: Wait<T>) => void,
    lost?: () => void,
  ): Promise<Waited<T>> =>
    new Promise((resolve) => {
      const cancel = deps.clock.after(timeoutMs, () => {
        resolve({ kind: 'lost', reason: 'timeout' });
        lost?.();
      });
      begin({
        settle: (result) => {
          cancel();
          resolve(result);
        },
      });
    });

  /** A slot stays in the queue when its wait timed out, so that a late reply is not taken for the next one's. */
  const send = (lines: readonly string[]): Promise<Waited<EslHeaders>> => {
    if (closed) return Promise.resolve({ kind: 'lost', reason: 'closed' });
    if (!lines.every(isSafeLine)) {
      deps.log.error('command refused: unsafe characters');
      return Promise.resolve({ kind: 'lost', reason: 'refused' });
    }
    return wait(deps.commandMs, (pending) => {
      replies.push(pending);
      socket.write(`${lines.join('\n')}\n\n`, 'latin1');
    });
  };

  const execute = async (
    application: string,
    argument: string,
    timeoutMs: number,
  ): Promise<Waited<EslEvent>> => {
    const uuid = `bg-${prefix}-${++serial}`;
    const lines = ['sendmsg', 'call-command: execute', `execute-app-name: ${application}`];
    if (argument !== '') lines.push(`execute-app-arg: ${argument}`);
    lines.push('event-lock: true', `Event-UUID: ${uuid}`);
    const completed = wait<EslEvent>(
      timeoutMs,
      (pending) => running.set(uuid, pending),
      () => running.delete(uuid),
    );
    const reply = accepted(await send(lines));
    if (reply.kind === 'lost') {
      running.get(uuid)?.settle(reply);
      running.delete(uuid);
    }
    return completed;
  };

  const onReply = (headers: EslHeaders): void => {
    const pending = replies.shift();
    if (pending === undefined) complain({}, 'reply without a command');
    else pending.settle({ kind: 'done', value: headers });
  };

  const onEventFrame = (frame: EslFrame): void => {
    const event = parseEvent(frame);
    if (event === undefined) {
      complain({ skipped: frame.bodySkipped }, 'event not readable');
      return;
    }
    if (event.get('event-name') === 'CHANNEL_EXECUTE_COMPLETE') {
      const uuid = event.get('application-uuid') ?? '';
      const pending = running.get(uuid);
      running.delete(uuid);
      pending?.settle({ kind: 'done', value: event });
    }
    deps.onEvent(event);
  };

  const onFrame = (frame: EslFrame): void => {
    if (closed) return;
    switch (frame.headers.get('content-type')) {
      case 'command/reply':
      case 'api/response':
        return onReply(frame.headers);
      case 'text/event-json':
      case 'text/event-plain':
        return onEventFrame(frame);
      case 'text/disconnect-notice':
        return deps.onNotice(frame.headers.get('content-disposition') ?? 'disconnect');
      default:
        complain({}, 'frame of unknown type');
    }
  };

  const end = (): void => {
    if (closed) return;
    closed = true;
    const lost = { kind: 'lost', reason: 'closed' } as const;
    for (const pending of replies.splice(0)) pending.settle(lost);
    for (const pending of running.values()) pending.settle(lost);
    running.clear();
    deps.onClose();
  };
  const drop = (): void => {
    socket.destroy();
    end();
  };

  socket.setNoDelay(true);
  socket.setKeepAlive(true, 30_000);
  socket.on('data', (chunk) => {
    const error = parser.push(chunk, onFrame);
    if (closed) return;
    if (error !== undefined) deps.log.warn({ error }, 'event socket not understood');
    if (error !== undefined || complaints > COMPLAINTS_MAX) drop();
  });
  socket.on('error', (error: NodeJS.ErrnoException) =>
    deps.log.info({ reason: error.code }, 'event socket failed'),
  );
  socket.on('end', drop);
  socket.on('close', drop);

  return {
    command: (line) => send([line]),
    execute,
    hangup: (cause) => send(['sendmsg', 'call-command: hangup', `hangup-cause: ${cause}`]),
    close() {
      if (closed) return;
      end();
      socket.end();
      deps.clock.after(deps.commandMs, () => socket.destroy());
    },
  };
}

/** A reply that says -ERR counts as refused. The answer to `connect` has an encoded Reply-Text and is never one. */
export function accepted(reply: Waited<EslHeaders>): Waited<EslHeaders> {
  if (reply.kind === 'lost') return reply;
  return reply.value.get('reply-text')?.startsWith('-ERR') === true
    ? { kind: 'lost', reason: 'refused' }
    : reply;
}
