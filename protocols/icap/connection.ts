import { performance } from 'node:perf_hooks';
import type { Socket } from 'node:net';
import type { Decide, Decision } from '../../src/channels/redirect/decision.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { IcapConfig } from '../../src/runtime/config/icap.ts';
import type { Logger } from '../../src/runtime/log.ts';
import { createDeadline, type Deadline } from './deadline.ts';
import { findHttpTarget } from './http-request.ts';
import { findIdentity } from './identity.ts';
import { IcapParseError, type IcapErrorStatus } from './limits.ts';
import type { DeadlineKind, IcapObserver, IcapOutcome } from './observer.ts';
import { IcapParser } from './parser.ts';
import type { IcapHead } from './request.ts';
import type { IcapResponses } from './response.ts';

/** What all connections of a server share; a reload exchanges `config` and `responses`. */
export interface IcapContext {
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer: IcapObserver;
  readonly decide: Decide;
  config: IcapConfig;
  responses: IcapResponses;
  trusts: (address: string | undefined) => boolean;
  stopping: boolean;
}

/** Answer decided at the header, sent when the request is consumed; an echo is already on its way. */
type Answer =
  | { readonly kind: 'buffer'; readonly octets: Buffer; readonly outcome: IcapOutcome }
  | { readonly kind: 'echo'; readonly outcome: IcapOutcome };

const BODY_OCTETS_MIN = 1_024;
const LINGER_MS = 2_000;

/**
 * One ICAP client connection.
 *
 * Requests are parsed, decided and answered one after another, so answers are in order by construction. A body is
 * consumed before its answer; with an echo it streams through and reading stops while the client does not read.
 */
export class IcapConnection {
  readonly #socket: Socket;
  readonly #context: IcapContext;
  readonly #trusted: boolean;
  readonly #parser: IcapParser;
  readonly #deadline: Deadline<DeadlineKind | 'linger'>;
  #answer: Answer | undefined;
  #closeAfter = false;
  #closing = false;
  #arrivedAt = 0;
  #deadlineSerial = -1;
  #bodyOctets = 0;

  constructor(socket: Socket, context: IcapContext) {
    this.#socket = socket;
    this.#context = context;
    this.#trusted = context.trusts(socket.remoteAddress);
    this.#deadline = createDeadline(context.clock, (kind) => this.#expired(kind));
    this.#parser = new IcapParser({
      onRequest: (head, httpHeader) => this.#begin(head, httpHeader),
      onBody: (octets) => this.#takeBody(octets),
      onEnd: () => this.#finish(),
    });
    socket.setNoDelay(true);
    socket.on('data', (data) => this.#receive(data));
    socket.on('drain', () => this.#drained());
    socket.on('end', () => this.#ended());
    socket.on('error', (error) => context.log.debug({ err: error }, 'icap connection failed'));
    socket.on('close', () => this.#deadline.cancel());
    this.#deadline.set('idle', context.config.idleTimeoutMs);
  }

  /** Says no to a connection over the limit, in the client's language (RFC 3507 §4.3.3, 503). */
  static refuse(socket: Socket, context: IcapContext): void {
    const connection = new IcapConnection(socket, context);
    context.observer.connectionRefused();
    connection.#fail(503);
  }

  /** Stops after the request in flight; at once when there is none. */
  stop(): void {
    this.#closeAfter = true;
    if (this.#parser.phase === 'idle' && !this.#closing) this.#end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #receive(data: Buffer): void {
    if (this.#closing) return;
    this.#arrivedAt = performance.now();
    this.#socket.cork();
    try {
      this.#parser.push(data);
    } catch (error) {
      this.#refuseOctets(error);
    }
    this.#socket.uncork();
    this.#rearm();
  }

  #refuseOctets(error: unknown): void {
    if (error instanceof StopReading) return;
    if (!(error instanceof IcapParseError)) {
      this.#context.log.error({ err: error }, 'icap connection failed by a bug');
      this.destroy();
      return;
    }
    this.#context.observer.parseError(error.kind);
    this.#context.log.debug({ kind: error.kind, peer: this.#socket.remoteAddress }, 'icap framing refused');
    this.#fail(error.status);
  }

  #begin(head: IcapHead, httpHeader: Buffer): void {
    const { config, responses, stopping } = this.#context;
    this.#closeAfter ||= head.close || stopping;
    this.#bodyOctets = 0;
    const close = this.#closeAfter;
    if (!config.services.includes(head.service)) {
      this.#answer = { kind: 'buffer', octets: responses.error(404, close), outcome: 'error_404' };
    } else if (head.method === 'OPTIONS') {
      this.#answer = { kind: 'buffer', octets: responses.options(close), outcome: 'options' };
    } else {
      this.#answer = this.#answerTo(head, httpHeader, this.#decide(head, httpHeader));
    }
  }

  #decide(head: IcapHead, httpHeader: Buffer): Decision {
    const target = findHttpTarget(httpHeader);
    if (target === undefined) return { kind: 'pass', reason: 'malformed' };
    const identity = this.#trusted ? findIdentity(head.headers, this.#context.config.identity) : undefined;
    const startedAt = performance.now();
    const decision = this.#context.decide({ ...target, identity });
    this.#context.observer.decided((performance.now() - startedAt) / 1_000);
    return decision;
  }

  #answerTo(head: IcapHead, httpHeader: Buffer, decision: Decision): Answer {
    const { responses } = this.#context;
    const close = this.#closeAfter;
    if (decision.kind === 'redirect') {
      return { kind: 'buffer', octets: responses.redirect(decision.location, close), outcome: 'redirect' };
    }
    const outcome = `pass_${decision.reason}` as const;
    const { hasBody } = head.encapsulated;
    // RFC 3507 §4.6: 204 needs Allow, or a preview that was really sent.
    if (head.allow204 || (head.preview !== undefined && hasBody)) {
      return { kind: 'buffer', octets: responses.unmodified(close), outcome };
    }
    this.#socket.write(responses.unchanged(httpHeader, hasBody, close));
    return { kind: 'echo', outcome };
  }

  #takeBody(octets: Buffer): void {
    this.#bodyOctets += octets.length;
    if (this.#answer?.kind === 'echo') this.#socket.write(octets);
  }

  #finish(): void {
    const answer = this.#answer!;
    this.#answer = undefined;
    if (answer.kind === 'buffer') this.#socket.write(answer.octets);
    this.#context.observer.answered(answer.outcome, (performance.now() - this.#arrivedAt) / 1_000);
    if (!this.#closeAfter) return;
    this.#end();
    throw new StopReading();
  }

  /** Answers an error, unless part of an answer is already out: then only a cut says that it is broken. */
  #fail(status: IcapErrorStatus): void {
    if (this.#answer?.kind === 'echo') return this.destroy();
    this.#socket.write(this.#context.responses.error(status, true));
    this.#context.observer.answered(`error_${status}`, 0);
    this.#end();
  }

  /** Sends FIN and swallows what still comes for a while: closing at once would reset the answer away. */
  #end(): void {
    this.#closing = true;
    this.#socket.end();
    this.#socket.resume();
    const unsent = this.#socket.writableLength > 0;
    this.#deadline.set('linger', unsent ? this.#context.config.writeStallMs : LINGER_MS);
  }

  #ended(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#socket.end();
    this.#deadline.set('write', this.#context.config.writeStallMs);
  }

  #drained(): void {
    if (this.#closing) return;
    this.#socket.resume();
    this.#rearm();
  }

  #rearm(): void {
    if (this.#closing) return;
    const { config } = this.#context;
    if (this.#socket.writableNeedDrain) {
      this.#socket.pause();
      if (this.#deadline.kind !== 'write') this.#deadline.set('write', config.writeStallMs);
      return;
    }
    const { phase, serial } = this.#parser;
    if (phase === 'idle') return this.#deadline.set('idle', config.idleTimeoutMs);
    if (phase === 'head') {
      // Absolute: single octets do not buy more time for the same header.
      if (this.#deadline.kind === 'head' && this.#deadlineSerial === serial) return;
      this.#deadlineSerial = serial;
      return this.#deadline.set('head', config.headTimeoutMs);
    }
    if (this.#deadline.kind === 'body' && this.#deadlineSerial === serial) return;
    this.#deadlineSerial = serial;
    this.#bodyOctets = 0;
    this.#deadline.set('body', config.bodyStallMs);
  }

  #expired(kind: DeadlineKind | 'linger'): void {
    if (kind === 'linger') return this.destroy();
    if (kind === 'body' && this.#bodyOctets >= BODY_OCTETS_MIN) {
      this.#bodyOctets = 0;
      return this.#deadline.set('body', this.#context.config.bodyStallMs);
    }
    this.#context.observer.deadlineCut(kind);
    if (kind === 'idle') return this.#end();
    if (kind === 'write') return this.destroy();
    this.#fail(408);
  }
}

/** Ends a push after the last request of a connection; octets behind it are not read. */
class StopReading extends Error {
  override readonly name = 'StopReading';
}
