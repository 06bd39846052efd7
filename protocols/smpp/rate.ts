import { later, type Instant } from '../../src/values/instant.ts';

/** Limits PDUs per second as the contract with the operator does. */
export class TokenBucket {
  readonly #ratePerS: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt: Instant | undefined;

  /** A tenth of a second's worth may go at once: a centre that counts whole seconds never sees more than 1.1 of it. */
  constructor(ratePerS: number) {
    this.#ratePerS = ratePerS;
    this.#burst = Math.max(1, ratePerS / 10);
    this.#tokens = this.#burst;
  }

  /** Takes a token and returns 0, or returns in how many milliseconds there will be one. */
  take(now: Instant): number {
    const elapsedMs = Math.max(0, now - (this.#filledAt ?? now));
    this.#filledAt = now;
    this.#tokens = Math.min(this.#burst, this.#tokens + (elapsedMs * this.#ratePerS) / 1000);
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return 0;
    }
    return Math.ceil(((1 - this.#tokens) * 1000) / this.#ratePerS);
  }
}

const PAUSE_MIN_MS = 1_000;
const PAUSE_MAX_MS = 30_000;

/** Pauses after ESME_RTHROTTLED and ESME_RMSGQFUL: 1 s, doubling to 30 s until one is accepted again. */
export class ThrottlePause {
  #pauseMs = 0;
  #until = 0;

  /** Answers to what was sent before the pause began do not lengthen it. */
  throttled(now: Instant): void {
    if (now < this.#until) return;
    this.#pauseMs = Math.min(PAUSE_MAX_MS, Math.max(PAUSE_MIN_MS, this.#pauseMs * 2));
    this.#until = later(now, this.#pauseMs);
  }

  accepted(now: Instant): void {
    if (now >= this.#until) this.#pauseMs = 0;
  }

  /** Milliseconds until sending may go on; 0 when it may now. */
  left(now: Instant): number {
    return Math.max(0, this.#until - now);
  }
}
