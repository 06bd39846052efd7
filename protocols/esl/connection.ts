import type { Socket } from 'node:net';
import type { Clock } from '../../src/runtime/clock.ts';
import { newTraceId } from '../../src/runtime/ids.ts';
import type { Logger } from '../../src/runtime/log.ts';
import { isSafeLine } from './argument.ts';
import { parseEvent, type EslEvent } from './event.ts';
import { FrameParser, type EslFrame } from './frame.ts';
import type { EslHeaders } from './headers.ts';
import { lostWait, wait, type Pending, type Waited } from './wait.ts';

export interface ConnectionDeps {
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

/** One event socket: replies in the order of the commands, completions by their Application-UUID. */
export class EslConnection {
  private readonly socket: Socket;
  private readonly deps: ConnectionDeps;
  private readonly parser = new FrameParser();
  private readonly replies: Pending<EslHeaders>[] = [];
  private readonly running = new Map<string, Pending<EslEvent>>();
  /** Application uuids are unique over calls: a completion of another channel never matches. */
  private readonly prefix = newTraceId().slice(0, 12);
  private serial = 0;
  private complaints = 0;
  private closed = false;

  constructor(socket: Socket, deps: ConnectionDeps) {
    this.socket = socket;
    this.deps = deps;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      deps.log.info({ reason: error.code }, 'event socket failed'),
    );
    socket.on('end', () => this.drop());
    socket.on('close', () => this.drop());
  }

  /** Sends one command and waits for its own reply. */
  command(line: string): Promise<Waited<EslHeaders>> {
    return this.send([line]);
  }

  /** Ends the call by message, which also works while an application runs. */
  hangup(cause: string): Promise<Waited<EslHeaders>> {
    return this.send(['sendmsg', 'call-command: hangup', `hangup-cause: ${cause}`]);
  }

  /**
   * Runs an application on the channel and waits for its CHANNEL_EXECUTE_COMPLETE, at most `timeoutMs`.
   *
   * Every application takes the event lock: without it a second one would start inside the first.
   */
  async execute(application: string, argument: string, timeoutMs: number): Promise<Waited<EslEvent>> {
    const uuid = `bg-${this.prefix}-${++this.serial}`;
    const lines = ['sendmsg', 'call-command: execute', `execute-app-name: ${application}`];
    if (argument !== '') lines.push(`execute-app-arg: ${argument}`);
    lines.push('event-lock: true', `Event-UUID: ${uuid}`);
    const completed = wait<EslEvent>(this.deps.clock, timeoutMs, (pending) =>
      this.running.set(uuid, pending),
    );
    const reply = accepted(await this.send(lines));
    if (reply.kind === 'lost') this.running.get(uuid)?.(reply);
    const result = await completed;
    this.running.delete(uuid);
    return result;
  }

  /** Sends what is still queued, then closes; the other side is not waited for. */
  close(): void {
    if (this.closed) return;
    this.end();
    this.socket.end();
    this.deps.clock.after(this.deps.commandMs, () => this.socket.destroy());
  }

  /** A slot stays in the queue when its wait timed out, so that a late reply is not taken for the next one's. */
  private send(lines: readonly string[]): Promise<Waited<EslHeaders>> {
    if (this.closed) return Promise.resolve(lostWait('closed'));
    if (!lines.every(isSafeLine)) {
      this.deps.log.error('command refused: unsafe characters');
      return Promise.resolve(lostWait('refused'));
    }
    return wait(this.deps.clock, this.deps.commandMs, (pending) => {
      this.replies.push(pending);
      this.socket.write(`${lines.join('\n')}\n\n`, 'latin1');
    });
  }

  private receive(chunk: Buffer): void {
    const error = this.parser.push(chunk, (frame) => this.take(frame));
    if (this.closed) return;
    if (error !== undefined) this.deps.log.warn({ error }, 'event socket not understood');
    if (error !== undefined || this.complaints > COMPLAINTS_MAX) this.drop();
  }

  private take(frame: EslFrame): void {
    if (this.closed) return;
    const type = frame.headers.get('content-type') ?? '';
    if (type === 'command/reply' || type === 'api/response') this.takeReply(frame.headers);
    else if (type.startsWith('text/event-')) this.takeEvent(frame);
    else if (type === 'text/disconnect-notice') {
      this.deps.onNotice(frame.headers.get('content-disposition') ?? 'disconnect');
    } else this.complain('frame of unknown type');
  }

  private takeReply(headers: EslHeaders): void {
    const pending = this.replies.shift();
    if (pending === undefined) this.complain('reply without a command');
    else pending({ kind: 'done', value: headers });
  }

  private takeEvent(frame: EslFrame): void {
    const event = parseEvent(frame);
    if (event === undefined) return this.complain('event not readable');
    if (event.get('event-name') === 'CHANNEL_EXECUTE_COMPLETE') {
      this.running.get(event.get('application-uuid') ?? '')?.({ kind: 'done', value: event });
    }
    this.deps.onEvent(event);
  }

  private complain(message: string): void {
    if (++this.complaints <= COMPLAINTS_MAX) this.deps.log.warn(message);
  }

  private drop(): void {
    this.socket.destroy();
    this.end();
  }

  private end(): void {
    if (this.closed) return;
    this.closed = true;
    for (const pending of [...this.replies.splice(0), ...this.running.values()]) pending(lostWait('closed'));
    this.deps.onClose();
  }
}

/** A reply that says -ERR counts as refused. The answer to `connect` has an encoded Reply-Text and is never one. */
export function accepted(reply: Waited<EslHeaders>): Waited<EslHeaders> {
  if (reply.kind === 'lost') return reply;
  return reply.value.get('reply-text')?.startsWith('-ERR') === true ? lostWait('refused') : reply;
}
