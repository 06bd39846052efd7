import type { Instant } from '../../src/values/instant.ts';

/**
 * What is known to have reached the SMSC (ADR 1).
 *
 * TCP keeps order: when the peer answers a request that we wrote at t, it has read everything we wrote before t. So
 * each message received before t and answered by then is proved; one still unanswered at t is not, nor any after it.
 */
export class AnswerProof {
  readonly #unanswered = new Map<number, Instant>();
  #serial = 0;

  /** A message arrived; the returned number is given to {@link answered} when its response is written. */
  received(at: Instant): number {
    this.#unanswered.set(++this.#serial, at);
    return this.#serial;
  }

  answered(serial: number): void {
    this.#unanswered.delete(serial);
  }

  get unanswered(): number {
    return this.#unanswered.size;
  }

  /** Messages received strictly before this have their response written. */
  horizon(now: Instant): Instant {
    const oldest = this.#unanswered.values().next().value;
    return oldest === undefined || oldest > now ? now : oldest;
  }
}
