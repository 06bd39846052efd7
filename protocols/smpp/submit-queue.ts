import type { OutboundSms } from '../../src/notify/ports.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Instant } from '../../src/values/instant.ts';
import { Unencodable } from './codec/field.ts';
import type { BodyOf } from './codec/pdu.ts';
import type { Tlvs } from './codec/tlv.ts';
import { ThrottlePause, TokenBucket } from './rate.ts';
import type { SmppSession } from './session.ts';
import { classifyStatus } from './statuses.ts';
import type { Settled } from './window.ts';

export type Priority = OutboundSms['priority'];

/** Replies before service messages before campaigns. */
const ORDER: readonly Priority[] = ['reply', 'service', 'campaign'];

/** From 90 on the centre is "nearly congested" (SMPP 5.0 §4.8.4.18). */
const CONGESTED = 90;

/** How one submit_sm ended. `retry`: certainly not taken. `unknown`: written, and no answer came. */
export type SubmitEnd =
  | { readonly kind: 'accepted'; readonly messageId: string }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'retry'; readonly reason: string; readonly status?: number }
  | { readonly kind: 'unknown'; readonly reason: string };

/** One submit_sm to be sent. */
export interface SubmitJob {
  readonly body: Partial<BodyOf<'submit_sm'>>;
  readonly tlvs: Tlvs;
  readonly priority: Priority;
  /** Not written after this. */
  readonly expiresAt: Instant;
  /** Parts of one message: when one ends badly the others are not sent any more. */
  readonly group: { failed: boolean };
}

interface Waiting extends SubmitJob {
  readonly settle: (end: SubmitEnd) => void;
  cancelExpiry: () => void;
}

export interface SubmitQueueOptions {
  readonly clock: Clock;
  readonly ratePerS: number;
  readonly lengthMax: number;
  /** The bound session, when there is one. */
  readonly session: () => SmppSession | undefined;
  readonly onThrottled: () => void;
  readonly onAnswered: (code: number, tookMs: number) => void;
}

/**
 * What waits to be sent over one bind, let out as the window, the rate and the SMSC's throttling allow.
 *
 * A throttled submit was not taken: it goes back to its place and is sent again after the pause, until it expires.
 */
export class SubmitQueue {
  readonly #options: SubmitQueueOptions;
  readonly #bucket: TokenBucket;
  readonly #pause = new ThrottlePause();
  readonly #lanes: Readonly<Record<Priority, Waiting[]>> = { reply: [], service: [], campaign: [] };
  #wakeAt = Infinity;
  #cancelWake: () => void = () => undefined;

  constructor(options: SubmitQueueOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket(options.ratePerS);
  }

  get length(): number {
    return ORDER.reduce((sum, priority) => sum + this.#lanes[priority].length, 0);
  }

  lengthOf(priority: Priority): number {
    return this.#lanes[priority].length;
  }

  /** How long the SMSC wants us to be silent. */
  pausedMs(now: Instant): number {
    return this.#pause.left(now);
  }

  /** Never rejects, settles once. */
  submit(job: SubmitJob): Promise<SubmitEnd> {
    const { clock, lengthMax } = this.#options;
    if (this.length >= lengthMax) return Promise.resolve({ kind: 'retry', reason: 'queue full' });
    return new Promise((settle) => {
      const waiting: Waiting = { ...job, settle, cancelExpiry: () => undefined };
      this.#lanes[job.priority].push(waiting);
      waiting.cancelExpiry = clock.after(Math.max(0, job.expiresAt - clock.now()), () =>
        this.#expire(waiting),
      );
      this.pump();
    });
  }

  /** Sends what may be sent now. Called whenever something changed. */
  pump(): void {
    const { clock, session } = this.#options;
    for (;;) {
      const lane = ORDER.map((priority) => this.#lanes[priority]).find(({ length }) => length > 0);
      const link = session();
      if (lane === undefined || link?.ready !== true) return;
      const job = lane[0]!;
      if (job.group.failed || job.expiresAt < clock.now()) {
        this.#giveBack(job, job.group.failed ? 'another part failed' : 'expired');
        continue;
      }
      const waitMs = this.#pause.left(clock.now()) || this.#bucket.take(clock.now());
      if (waitMs > 0) return this.#wake(waitMs);
      lane.shift();
      job.cancelExpiry();
      this.#send(job, link);
    }
  }

  /** Gives everything back that was not written: the bind is gone. */
  giveBackAll(reason: string): void {
    for (const priority of ORDER) for (const job of [...this.#lanes[priority]]) this.#giveBack(job, reason);
    this.#cancelWake();
    this.#wakeAt = Infinity;
  }

  #wake(ms: number): void {
    const at = this.#options.clock.now() + ms;
    if (at >= this.#wakeAt) return;
    this.#cancelWake();
    this.#wakeAt = at;
    this.#cancelWake = this.#options.clock.after(ms, () => {
      this.#wakeAt = Infinity;
      this.pump();
    });
  }

  #send(job: Waiting, link: SmppSession): void {
    const sentAt = this.#options.clock.now();
    let settled: Promise<Settled>;
    try {
      settled = link.request('submit_sm', { body: job.body, tlvs: job.tlvs });
    } catch (error) {
      if (!(error instanceof Unencodable)) throw error;
      return this.#end(job, { kind: 'refused', status: error.status });
    }
    void settled.then((result) => this.#settled(job, result, sentAt));
  }

  #settled(job: Waiting, result: Settled, sentAt: Instant): void {
    if (result.kind !== 'response') {
      return this.#end(job, {
        kind: 'unknown',
        reason: result.kind === 'timeout' ? 'no response' : result.reason,
      });
    }
    const { pdu } = result;
    const now = this.#options.clock.now();
    this.#options.onAnswered(pdu.status, now - sentAt);
    if ((pdu.tlvs.congestionState ?? 0) >= CONGESTED) this.#pause.throttled(now);
    switch (classifyStatus(pdu.status)) {
      case 'ok':
        this.#pause.accepted(now);
        return this.#end(job, {
          kind: 'accepted',
          messageId: 'messageId' in pdu.body ? pdu.body.messageId : '',
        });
      case 'slower':
        this.#pause.throttled(now);
        this.#options.onThrottled();
        return this.#again(job, pdu.status);
      case 'later':
        return this.#end(job, { kind: 'retry', reason: 'refused for now', status: pdu.status });
      case 'final':
        return this.#end(job, { kind: 'refused', status: pdu.status });
    }
  }

  #again(job: Waiting, code: number): void {
    const { clock, session } = this.#options;
    const leftMs = job.expiresAt - clock.now();
    if (leftMs <= 0 || session() === undefined) {
      return this.#end(job, { kind: 'retry', reason: 'throttled', status: code });
    }
    this.#lanes[job.priority].unshift(job);
    job.cancelExpiry = clock.after(leftMs, () => this.#expire(job));
    this.pump();
  }

  #expire(job: Waiting): void {
    if (this.#lanes[job.priority].includes(job)) this.#giveBack(job, 'not sent in time');
  }

  #giveBack(job: Waiting, reason: string): void {
    const lane = this.#lanes[job.priority];
    const at = lane.indexOf(job);
    if (at >= 0) lane.splice(at, 1);
    job.cancelExpiry();
    this.#end(job, { kind: 'retry', reason });
  }

  #end(job: Waiting, end: SubmitEnd): void {
    if (end.kind !== 'accepted') job.group.failed = true;
    job.settle(end);
  }
}
