import type { Logger } from '../../src/runtime/log.ts';
import type { SmppBind, SmppConfig, SmppSmsc } from '../../src/runtime/config/smpp.ts';
import { jitter } from '../../src/runtime/ids.ts';
import type { Instant } from '../../src/values/instant.ts';
import type { CommandName } from './codec/commands.ts';
import { openConnection } from './connect.ts';
import { takeDelivery, VERDICT_STATUS, type DeliverContext } from './deliver.ts';
import type { SmppDeps } from './deps.ts';
import { messageIdNormaliser } from './message-id.ts';
import { bindUp, pdus, reconnects, submitSeconds, throttles } from './metrics.ts';
import type { Reassembly } from './reassembly.ts';
import { SmppSession, type PeerRequest, type Respond } from './session.ts';
import { explainStatus, status, statusName } from './statuses.ts';
import { SubmitQueue } from './submit-queue.ts';
import { takeUssd } from './ussd.ts';
import { PushConfirmations } from './ussd-push.ts';

/** `refused`: the SMSC does not accept our credentials; tried again slowly, somebody has to look at it. */
export type BindPhase = 'connecting' | 'bound' | 'waiting' | 'refused' | 'closed';

/** Statuses of a bind answer that trying again soon cannot cure. */
const FATAL: ReadonlySet<number> = new Set([
  status('ESME_RBINDFAIL'),
  status('ESME_RINVPASWD'),
  status('ESME_RINVSYSID'),
]);

const BIND_COMMANDS = {
  transceiver: 'bind_transceiver',
  receiver: 'bind_receiver',
  transmitter: 'bind_transmitter',
} as const;

/** SMPP 3.4. */
const INTERFACE_VERSION = 0x34;

/** A named bind to one SMSC, kept bound: a fresh session for every connection, reconnected with growing waits. */
export class Bind {
  readonly smsc: SmppSmsc;
  readonly profile: SmppBind;
  readonly queue: SubmitQueue;
  readonly ids: ReturnType<typeof messageIdNormaliser>;
  readonly pushes = new PushConfirmations();
  /** While true, messages are answered ESME_RTHROTTLED and not looked at. */
  intakePaused = false;
  phase: BindPhase = 'waiting';
  since: Instant;
  reconnects = 0;
  lastError: string | undefined;
  /** Answers to submits since the start, by status name. */
  readonly statusCounts = new Map<string, number>();
  readonly #config: SmppConfig;
  readonly #deps: SmppDeps;
  readonly #log: Logger;
  readonly #context: DeliverContext;
  readonly #labels: { readonly smsc: string; readonly bind: string };
  #session: SmppSession | undefined;
  /** The bind request on its way; never rejects. */
  #binding: Promise<void> = Promise.resolve();
  #attempt = 0;
  #stopping = false;
  #cancelReconnect: () => void = () => undefined;
  #onIdle: () => void = () => undefined;

  constructor(config: SmppConfig, smsc: SmppSmsc, profile: SmppBind, reassembly: Reassembly, deps: SmppDeps) {
    this.smsc = smsc;
    this.profile = profile;
    this.ids = messageIdNormaliser(profile.receiptId);
    this.since = deps.clock.now();
    this.#config = config;
    this.#deps = deps;
    this.#labels = { smsc: smsc.name, bind: profile.name };
    this.#log = deps.log.child(this.#labels);
    this.#context = { smsc, bind: profile, deps, ids: this.ids, reassembly, moAnswerMs: config.moAnswerMs };
    this.queue = new SubmitQueue({
      clock: deps.clock,
      ratePerS: profile.ratePerS,
      lengthMax: config.queueMax,
      session: () => this.session,
      onThrottled: () => throttles.inc(this.#labels),
      onAnswered: (code, tookMs) => this.#countAnswer(code, tookMs),
    });
  }

  /** The session, while it is bound. */
  get session(): SmppSession | undefined {
    return this.phase === 'bound' ? this.#session : undefined;
  }

  get canSubmit(): boolean {
    return this.phase === 'bound' && this.profile.mode !== 'receiver' && !this.#stopping;
  }

  connect(): void {
    if (this.phase === 'closed') return;
    this.#enter('connecting');
    try {
      this.#open();
    } catch (error) {
      // An unreadable CA file, for example: the same road as a refused connection.
      this.#lost(undefined, error instanceof Error ? error.message : 'connection failed');
    }
  }

  #open(): void {
    const { clock } = this.#deps;
    const config = this.#config;
    const socket = openConnection(this.smsc, () => {
      this.#binding = this.#bind(session);
    });
    const session: SmppSession = new SmppSession(
      socket,
      {
        clock,
        log: this.#log,
        windowMax: this.profile.window,
        requestTimeoutMs: config.requestTimeoutMs,
        pduLengthMax: config.pduLengthMax,
        limits: {
          bindMs: config.connectTimeoutMs,
          enquireLinkMs: config.enquireLinkMs,
          enquireLinkTimeoutMs: config.enquireLinkTimeoutMs,
        },
      },
      {
        onRequest: (request, respond, receivedAt) => this.#onRequest(session, request, respond, receivedAt),
        onReady: () => {
          this.queue.pump();
          this.#checkIdle();
        },
        onProof: (until) => {
          if (this.session === session) this.#deps.onProof(session.id, until);
        },
        onPdu: (direction, command, code) => this.#count(direction, command, code),
        onClose: (reason) => this.#lost(session, reason),
      },
    );
    this.#session = session;
  }

  async #bind(session: SmppSession): Promise<void> {
    const { smsc, profile } = this;
    try {
      const settled = await session.request(BIND_COMMANDS[profile.mode], {
        body: {
          systemId: profile.systemId ?? smsc.systemId,
          password: profile.password ?? smsc.password,
          systemType: smsc.systemType,
          interfaceVersion: INTERFACE_VERSION,
          addressRange: smsc.addressRange,
        },
      });
      if (settled.kind !== 'response') return session.destroy('bind unanswered');
      const code = settled.pdu.status;
      if (code !== 0) return this.#refused(session, code);
      if (session.closed) return;
      session.markBound();
      this.#enter('bound');
      bindUp.set(this.#labels, 1);
      this.#log.info({ session: session.id }, 'smpp bound');
      this.#deps.onSessionStart({ sessionId: session.id, ...this.#labels });
      this.queue.pump();
    } catch (error) {
      this.#log.error({ err: error }, 'smpp bind failed');
      session.destroy('bind failed');
    }
  }

  #refused(session: SmppSession, code: number): void {
    const fields = { status: statusName(code), meaning: explainStatus(code) };
    if (FATAL.has(code))
      this.#log.error(fields, 'smpp bind refused: check systemId, password and systemType');
    else this.#log.warn(fields, 'smpp bind refused for now');
    if (FATAL.has(code)) this.#enter('refused');
    session.close(`bind refused: ${statusName(code)}`);
  }

  /** Every end of a connection comes by here once. */
  #lost(session: SmppSession | undefined, reason: string): void {
    if (session !== this.#session && session !== undefined) return;
    const { phase } = this;
    this.#session = undefined;
    this.lastError = reason;
    bindUp.set(this.#labels, 0);
    this.#onIdle();
    if (phase === 'bound' && session !== undefined) this.#ended(session, reason);
    if (phase === 'closed') return;
    this.queue.giveBackAll('bind lost');
    this.reconnects += 1;
    reconnects.inc(this.#labels);
    if (phase !== 'refused') this.#enter('waiting');
    const waitMs = this.#reconnectWaitMs(phase);
    this.#log.warn({ reason, waitMs }, 'smpp connection lost');
    this.#cancelReconnect = this.#deps.clock.after(waitMs, () => this.connect());
  }

  #ended(session: SmppSession, reason: string): void {
    this.#log.info({ session: session.id, reason }, 'smpp session ended');
    // A bind that held for a while starts over; one that is dropped at once goes on waiting longer.
    if (this.#deps.clock.now() - this.since >= this.#config.enquireLinkMs) this.#attempt = 0;
    try {
      this.#deps.onSessionEnd(session.id);
    } catch (error) {
      this.#log.error({ err: error }, 'session end handler failed');
    }
  }

  #reconnectWaitMs(phase: BindPhase): number {
    const { reconnectMinMs, reconnectMaxMs } = this.#config;
    if (phase === 'refused') return reconnectMaxMs;
    const base = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** this.#attempt);
    this.#attempt = Math.min(this.#attempt + 1, 20);
    return Math.round(base * (0.5 + jitter() / 2));
  }

  async #onRequest(
    session: SmppSession,
    request: PeerRequest,
    respond: Respond,
    receivedAt: Instant,
  ): Promise<void> {
    if (request.command !== 'deliver_sm' && request.command !== 'data_sm') {
      return respond(status('ESME_RINVCMDID'));
    }
    // Some SMSCs deliver in one piece with the answer to the bind, before anybody could act on that.
    if (this.phase === 'connecting') await this.#binding;
    if (this.phase !== 'bound' || this.profile.mode === 'transmitter')
      return respond(status('ESME_RINVBNDSTS'));
    if (this.intakePaused || session.unanswered > this.#config.moInFlightMax)
      return respond(VERDICT_STATUS.full);
    const submit = this.queue.submit.bind(this.queue);
    if (this.profile.kind === 'ussd')
      await takeUssd(request, respond, receivedAt, { ...this.#context, submit, pushes: this.pushes });
    else respond(await takeDelivery(request, session.id, receivedAt, this.#context));
    this.#checkIdle();
  }

  /** Stops taking and sending, waits until nothing is in flight or `deadline` comes, says goodbye. */
  async close(deadline: Promise<void>): Promise<void> {
    this.intakePaused = true;
    this.#stopping = true;
    this.#cancelReconnect();
    this.queue.giveBackAll('stopping');
    const session = this.session;
    if (session !== undefined) {
      const idle = new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
      this.#checkIdle();
      await Promise.race([idle, deadline]);
      if (!session.closed) await Promise.race([session.request('unbind'), deadline]);
    }
    const last = this.#session;
    const wasBound = this.phase === 'bound';
    this.#enter('closed');
    last?.close('stopped');
    if (wasBound && last !== undefined) this.#ended(last, 'stopped');
  }

  #checkIdle(): void {
    const session = this.#session;
    if (session === undefined || (session.windowUsed === 0 && session.unanswered === 0)) this.#onIdle();
  }

  #enter(phase: BindPhase): void {
    this.phase = phase;
    this.since = this.#deps.clock.now();
  }

  #count(direction: 'in' | 'out', command: CommandName | 'malformed', code: number): void {
    pdus.inc({ ...this.#labels, direction, command, status: statusName(code) });
  }

  #countAnswer(code: number, tookMs: number): void {
    const name = statusName(code);
    this.statusCounts.set(name, (this.statusCounts.get(name) ?? 0) + 1);
    submitSeconds.observe(this.#labels, tookMs / 1000);
  }
}
