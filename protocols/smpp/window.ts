import type { Clock } from '../../src/runtime/clock.ts';
import { later, type Instant } from '../../src/values/instant.ts';
import type { CommandName } from './codec/commands.ts';
import type { Pdu } from './codec/pdu.ts';

/** How a request of ours ended; every one ends exactly once. After `timeout` and `lost` its fate is unknown. */
export type Settled =
  | { readonly kind: 'response'; readonly pdu: Pdu }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'lost'; readonly reason: string };

interface Pending {
  readonly command: CommandName;
  readonly sentAt: Instant;
  /** What a response to this request proves about earlier answers of ours (see proof.ts). */
  readonly proves: Instant;
  readonly settle: (settled: Settled) => void;
}

/** Largest sequence number (SMPP 3.4 §3.2). */
const SEQUENCE_MAX = 0x7fffffff;

/** Requests sent and not answered yet, by sequence number. */
export class RequestWindow {
  readonly #pending = new Map<number, Pending>();
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #sequence = 0;
  #cancelTimer: (() => void) | undefined;
  readonly #onFreed: () => void;

  constructor(clock: Clock, timeoutMs: number, onFreed: () => void) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#onFreed = onFreed;
  }

  get used(): number {
    return this.#pending.size;
  }

  /** When the oldest unanswered request was sent. */
  get oldestSentAt(): Instant | undefined {
    return this.#oldest()?.sentAt;
  }

  nextSequence(): number {
    do this.#sequence = this.#sequence === SEQUENCE_MAX ? 1 : this.#sequence + 1;
    while (this.#pending.has(this.#sequence));
    return this.#sequence;
  }

  /** Registers a request that is about to be written. */
  open(sequence: number, command: CommandName, proves: Instant): Promise<Settled> {
    return new Promise((settle) => {
      this.#pending.set(sequence, { command, sentAt: this.#clock.now(), proves, settle });
      if (this.#cancelTimer === undefined) this.#arm();
    });
  }

  /**
   * Settles the request that `pdu` answers and tells what that proves. Undefined for a response nobody waits for:
   * too late, or of another command than the request with its sequence number.
   */
  settle(pdu: Pdu): Instant | undefined {
    const pending = this.#pending.get(pdu.sequence);
    if (pending === undefined) return undefined;
    if (pdu.command !== `${pending.command}_resp` && pdu.command !== 'generic_nack') return undefined;
    this.#pending.delete(pdu.sequence);
    pending.settle({ kind: 'response', pdu });
    // After whoever waits for this answer: it may forbid the next request (throttled, another part refused).
    queueMicrotask(this.#onFreed);
    return pending.proves;
  }

  /** The connection is gone: nothing will be answered any more. */
  loseAll(reason: string): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const lost = [...this.#pending.values()];
    this.#pending.clear();
    for (const { settle } of lost) settle({ kind: 'lost', reason });
  }

  #oldest(): Pending | undefined {
    return this.#pending.values().next().value;
  }

  /** One timer for all: they have the same time-out, so the oldest ends first. */
  #arm(): void {
    const oldest = this.#oldest();
    this.#cancelTimer = undefined;
    if (oldest === undefined) return;
    const leftMs = later(oldest.sentAt, this.#timeoutMs) - this.#clock.now();
    this.#cancelTimer = this.#clock.after(Math.max(leftMs, 1), () => this.#expire());
  }

  #expire(): void {
    const now = this.#clock.now();
    let freed = false;
    for (const [sequence, { sentAt, settle }] of this.#pending) {
      if (later(sentAt, this.#timeoutMs) > now) break;
      this.#pending.delete(sequence);
      settle({ kind: 'timeout' });
      freed = true;
    }
    this.#arm();
    if (freed) queueMicrotask(this.#onFreed);
  }
}
