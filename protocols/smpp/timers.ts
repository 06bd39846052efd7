import type { Instant } from '../../src/values/instant.ts';

/** Deadlines of a link. */
export interface LinkLimits {
  /** From the connection to a completed bind. */
  readonly bindMs: number;
  /** Silence after which the peer is asked. */
  readonly enquireLinkMs: number;
  /**
   * From the question to any sign of life; also how long the peer may leave our octets unread and how long a PDU may
   * take to arrive: a wrong command_length below the maximum must not leave the bind deaf.
   */
  readonly enquireLinkTimeoutMs: number;
}

/** All that supervision looks at. */
export interface LinkState {
  readonly openedAt: Instant;
  readonly bound: boolean;
  /** When the last whole PDU arrived. */
  readonly heardAt: Instant;
  /** When an enquire_link went out that nothing was heard after. */
  readonly askedAt: Instant | undefined;
  /** Since when a PDU has been arriving that is not whole yet. */
  readonly partialSince: Instant | undefined;
  /** Since when the peer has not taken what we wrote. */
  readonly blockedSince: Instant | undefined;
}

export type LinkVerdict =
  | { readonly kind: 'ok'; readonly checkInMs: number }
  | { readonly kind: 'enquire_link'; readonly checkInMs: number }
  | { readonly kind: 'close'; readonly reason: string };

/**
 * What the state of a link calls for at `now`: nothing, a question or its end. Pure; the session asks again after
 * `checkInMs`. A peer that vanished without a FIN is found after enquireLinkMs + enquireLinkTimeoutMs.
 */
export function checkLink(state: LinkState, limits: LinkLimits, now: Instant): LinkVerdict {
  if (!state.bound) {
    const leftMs = state.openedAt + limits.bindMs - now;
    return leftMs > 0 ? { kind: 'ok', checkInMs: leftMs } : { kind: 'close', reason: 'bind deadline' };
  }
  const unreadMs = left(state.blockedSince, limits.enquireLinkTimeoutMs, now);
  if (unreadMs <= 0) return { kind: 'close', reason: 'peer does not read' };
  const wholeMs = left(state.partialSince, limits.enquireLinkTimeoutMs, now);
  if (wholeMs <= 0) return { kind: 'close', reason: 'pdu incomplete' };
  const answerMs = left(state.askedAt, limits.enquireLinkTimeoutMs, now);
  if (answerMs <= 0) return { kind: 'close', reason: 'enquire_link unanswered' };
  if (state.askedAt !== undefined) return { kind: 'ok', checkInMs: Math.min(answerMs, unreadMs, wholeMs) };
  const idleMs = state.heardAt + limits.enquireLinkMs - now;
  if (idleMs <= 0) return { kind: 'enquire_link', checkInMs: limits.enquireLinkTimeoutMs };
  return { kind: 'ok', checkInMs: Math.min(idleMs, unreadMs, wholeMs, limits.enquireLinkTimeoutMs) };
}

function left(since: Instant | undefined, limitMs: number, now: Instant): number {
  return since === undefined ? Infinity : since + limitMs - now;
}
