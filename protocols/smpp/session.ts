import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Logger } from '../../src/runtime/log.ts';
import type { Instant } from '../../src/values/instant.ts';
import { UNANSWERED_COMMANDS, type CommandName } from './codec/commands.ts';
import { decode, type MalformedPdu } from './codec/decode.ts';
import { encode } from './codec/encode.ts';
import {
  makePdu,
  type AnsweredCommand,
  type BodyOf,
  type Pdu,
  type PduParts,
  type ResponseTo,
} from './codec/pdu.ts';
import { Framer } from './frame.ts';
import { AnswerProof } from './proof.ts';
import { explainStatus, status, statusName } from './statuses.ts';
import { checkLink, type LinkLimits } from './timers.ts';
import { RequestWindow, type Settled } from './window.ts';
import { SocketWriter } from './writer.ts';

/** PDUs handled before other work of the process gets its turn. */
const PDUS_PER_TURN = 64;

/** Above this much unhandled input or unread output the socket is not read. */
const HIGH_WATER_OCTETS = 262_144;

/** How long a closing connection may take to send its last octets. */
const LINGER_MS = 1_000;

/** A request of the peer that its owner has to answer: everything but enquire_link and unbind. */
export type PeerRequest = Extract<Pdu, { readonly command: AnsweredCommand }>;

/** Answers a {@link PeerRequest}; only the first call counts. */
export type Respond = (
  code: number,
  body?: { readonly messageId?: string; readonly systemId?: string },
) => void;

export interface SessionOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Requests of ours that may be unanswered at once. */
  readonly windowMax: number;
  readonly requestTimeoutMs: number;
  readonly limits: LinkLimits;
  readonly pduLengthMax: number;
}

/** What the owner of a session is told. None of these may throw; what is thrown is logged and answered as a fault. */
export interface SessionHandlers {
  onRequest(request: PeerRequest, respond: Respond, receivedAt: Instant): void | Promise<void>;
  /** The window or the socket has room again. */
  onReady?(): void;
  /** Messages received strictly before `until` have their answers at the peer (ADR 1). */
  onProof?(until: Instant): void;
  /** Every PDU in either direction, for metrics; `command` is `malformed` for what is none. */
  onPdu?(direction: 'in' | 'out', command: CommandName | 'malformed', code: number): void;
  /** Once, whatever ended the connection. */
  onClose(reason: string): void;
}

/**
 * One SMPP connection, in either role, from its socket to its end; a new connection is a new session.
 *
 * After any input it either works or is closed: a PDU that cannot be parsed is answered, a stream that cannot be
 * framed is ended. It answers enquire_link and unbind itself and supervises the link.
 */
export class SmppSession {
  readonly id: string = randomUUID();
  readonly #socket: Socket;
  readonly #options: SessionOptions;
  readonly #handlers: SessionHandlers;
  readonly #framer: Framer;
  readonly #writer: SocketWriter;
  readonly #window: RequestWindow;
  readonly #proof = new AnswerProof();
  readonly #openedAt: Instant;
  #heardAt: Instant;
  #askedAt: Instant | undefined;
  #partialSince: Instant | undefined;
  #bound = false;
  #closed = false;
  #ended = false;
  #pumpScheduled = false;
  #provedUntil = 0;
  #announcedUntil = 0;
  #cancelCheck: () => void = () => undefined;

  constructor(socket: Socket, options: SessionOptions, handlers: SessionHandlers) {
    this.#socket = socket;
    this.#options = options;
    this.#handlers = handlers;
    this.#framer = new Framer(options.pduLengthMax);
    this.#openedAt = options.clock.now();
    this.#heardAt = this.#openedAt;
    this.#writer = new SocketWriter(socket, options.clock, () => {
      socket.resume();
      this.#guard(() => this.#handlers.onReady?.());
    });
    this.#window = new RequestWindow(options.clock, options.requestTimeoutMs, () =>
      this.#guard(() => this.#handlers.onReady?.()),
    );
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#guard(() => this.#take(chunk)));
    socket.on('end', () => this.#guard(() => this.#finish()));
    socket.on('error', (error) => this.#gone(`socket: ${error.message}`));
    socket.on('close', () => this.#gone('connection closed'));
    this.#supervise();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Requests of ours without an answer. */
  get windowUsed(): number {
    return this.#window.used;
  }

  get oldestSentAt(): Instant | undefined {
    return this.#window.oldestSentAt;
  }

  /** Requests of the peer that we have not answered. */
  get unanswered(): number {
    return this.#proof.unanswered;
  }

  /** Whether a submit may be written now: room in the window, and the peer takes what is written. */
  get ready(): boolean {
    return (
      !this.#closed && this.#window.used < this.#options.windowMax && this.#writer.blockedSince === undefined
    );
  }

  /** From now on silence is answered with enquire_link instead of the bind deadline. */
  markBound(): void {
    this.#bound = true;
    this.#supervise();
  }

  /**
   * Writes a request. The promise never rejects and settles exactly once.
   *
   * @throws Unencodable when a value does not fit its field; nothing was sent
   */
  request<C extends AnsweredCommand>(
    command: C,
    parts: Omit<PduParts<C>, 'sequence'> = {},
  ): Promise<Settled> {
    if (this.#closed) return Promise.resolve({ kind: 'lost', reason: 'connection closed' });
    const sequence = this.#window.nextSequence();
    const octets = encode(makePdu(command, { ...parts, sequence }));
    const settled = this.#window.open(sequence, command, this.#proof.horizon(this.#options.clock.now()));
    this.#write(octets, command, 0);
    return settled;
  }

  /** Sends what is written and ends the connection. */
  close(reason: string): void {
    if (this.#closed) return;
    this.#guard(() => this.#writer.flush());
    this.#socket.end();
    this.#options.clock.after(LINGER_MS, () => this.#socket.destroy());
    this.#gone(reason);
  }

  /** Ends the connection without waiting for anything. */
  destroy(reason: string): void {
    this.#gone(reason);
    this.#socket.destroy();
  }

  /** Nothing thrown below may leave a socket handler; a bug costs its connection, never the process. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#options.log.error({ err: error }, 'smpp session failed');
      this.destroy('internal error');
    }
  }

  #take(chunk: Buffer): void {
    if (this.#closed) return;
    this.#framer.push(chunk);
    if (!this.#pumpScheduled) this.#pump();
    const full = this.#framer.buffered > HIGH_WATER_OCTETS || this.#writer.backlog > HIGH_WATER_OCTETS;
    if (full) this.#socket.pause();
  }

  #finish(): void {
    this.#ended = true;
    if (!this.#pumpScheduled) this.close('peer ended the connection');
  }

  #pump(): void {
    this.#pumpScheduled = false;
    for (let handled = 0; !this.#closed; handled++) {
      if (handled === PDUS_PER_TURN) {
        this.#pumpScheduled = true;
        setImmediate(() => this.#guard(() => this.#pump()));
        break;
      }
      const frame = this.#framer.next();
      if (frame.kind === 'incomplete') {
        if (this.#framer.buffered > 0) this.#partialSince ??= this.#options.clock.now();
        if (this.#writer.blockedSince === undefined) this.#socket.resume();
        if (this.#ended) this.close('peer ended the connection');
        break;
      }
      if (frame.kind === 'fatal') return this.#refuseStream(frame.commandLength, frame.sequence);
      this.#partialSince = undefined;
      this.#receive(frame.octets);
    }
    this.#announceProof();
  }

  #refuseStream(commandLength: number, sequence: number): void {
    this.#options.log.warn(
      { commandLength, hex: commandLength.toString(16) },
      'smpp stream cannot be framed',
    );
    this.#handlers.onPdu?.('in', 'malformed', status('ESME_RINVCMDLEN'));
    this.#nack(sequence, status('ESME_RINVCMDLEN'));
    this.close('command_length out of range');
  }

  #receive(octets: Buffer): void {
    this.#heardAt = this.#options.clock.now();
    this.#askedAt = undefined;
    const decoded = decode(octets);
    if (decoded.kind === 'malformed') return this.#refuse(decoded, octets);
    const { pdu } = decoded;
    this.#handlers.onPdu?.('in', pdu.command, pdu.status);
    if (pdu.command.endsWith('_resp') || pdu.command === 'generic_nack') return this.#settle(pdu);
    if (pdu.command === 'enquire_link') return this.#answer('enquire_link_resp', pdu.sequence, 0);
    if (pdu.command === 'unbind') {
      this.#answer('unbind_resp', pdu.sequence, 0);
      return this.close('unbound by the peer');
    }
    if (UNANSWERED_COMMANDS.has(pdu.command)) return;
    this.#dispatch(pdu as PeerRequest);
  }

  #refuse(malformed: MalformedPdu, octets: Buffer): void {
    const { command, commandId, response, sequence, reason } = malformed;
    const header = octets.toString('hex', 0, 16);
    this.#options.log.warn({ header, reason, status: statusName(malformed.status) }, 'smpp pdu malformed');
    this.#handlers.onPdu?.('in', 'malformed', malformed.status);
    if (response) {
      // The header already tells how the request ended; an unreadable id must not make its fate unknown.
      if (command !== undefined)
        this.#settle(makePdu(command, { sequence, status: malformed.headerStatus }) as Pdu);
      return;
    }
    if (command === undefined) return this.#nack(sequence, malformed.status);
    if (UNANSWERED_COMMANDS.has(command)) return;
    this.#answer(`${command}_resp` as ResponseTo<AnsweredCommand>, sequence, malformed.status);
    if (commandId === 0x06) this.close('unbound by the peer');
  }

  #settle(pdu: Pdu): void {
    const proves = this.#window.settle(pdu);
    if (proves !== undefined) {
      this.#provedUntil = Math.max(this.#provedUntil, proves);
      return;
    }
    const fields = { command: pdu.command, sequence: pdu.sequence, status: statusName(pdu.status) };
    this.#options.log.warn(fields, 'smpp response without a request');
  }

  #announceProof(): void {
    if (this.#provedUntil <= this.#announcedUntil) return;
    this.#announcedUntil = this.#provedUntil;
    this.#handlers.onProof?.(this.#provedUntil as Instant);
  }

  #dispatch(request: PeerRequest): void {
    const receivedAt = this.#heardAt;
    const serial = this.#proof.received(receivedAt);
    let answered = false;
    const respond: Respond = (code, body) => {
      if (answered) return;
      answered = true;
      this.#proof.answered(serial);
      this.#answer(`${request.command}_resp`, request.sequence, code, body);
    };
    const failed = (error: unknown): void => {
      this.#options.log.error({ err: error, command: request.command }, 'smpp handler failed');
      const message = request.command === 'deliver_sm' || request.command === 'data_sm';
      respond(status(message ? 'ESME_RX_T_APPN' : 'ESME_RSYSERR'));
    };
    try {
      this.#handlers.onRequest(request, respond, receivedAt)?.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #answer<C extends CommandName>(
    command: C,
    sequence: number,
    code: number,
    body: Partial<BodyOf<C>> = {},
  ): void {
    this.#write(encode(makePdu(command, { sequence, status: code, body })), command, code);
  }

  #nack(sequence: number, code: number): void {
    this.#answer('generic_nack', sequence, code);
    this.#options.log.info(
      { status: statusName(code), meaning: explainStatus(code) },
      'smpp generic_nack sent',
    );
  }

  #write(octets: Buffer, command: CommandName, code: number): void {
    if (this.#closed) return;
    this.#handlers.onPdu?.('out', command, code);
    this.#writer.write(octets);
  }

  #supervise(): void {
    this.#cancelCheck();
    if (this.#closed) return;
    const now = this.#options.clock.now();
    const verdict = checkLink(
      {
        openedAt: this.#openedAt,
        bound: this.#bound,
        heardAt: this.#heardAt,
        askedAt: this.#askedAt,
        blockedSince: this.#writer.blockedSince,
        partialSince: this.#partialSince,
      },
      this.#options.limits,
      now,
    );
    if (verdict.kind === 'close') return this.destroy(verdict.reason);
    if (verdict.kind === 'enquire_link') {
      this.#askedAt = now;
      void this.request('enquire_link');
    }
    this.#cancelCheck = this.#options.clock.after(Math.max(verdict.checkInMs, 1), () =>
      this.#guard(() => this.#supervise()),
    );
  }

  #gone(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelCheck();
    this.#window.loseAll(reason);
    try {
      this.#handlers.onClose(reason);
    } catch (error) {
      this.#options.log.error({ err: error }, 'smpp close handler failed');
    }
  }
}
