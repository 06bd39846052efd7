import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../runtime/clock.ts';
import type { EphemeralStore } from '../storage/ephemeral.ts';
import { later, SECOND_MS } from '../values/instant.ts';
import type { TraceId } from '../values/trace.ts';
import type { PublishedPartners } from './book.ts';
import { secretOf } from './keys.ts';
import type { PartnerActor } from './operation.ts';

/** What the wire read of a signed request. */
export interface SignedRequest {
  readonly keyId: string;
  /** Seconds since 1970, as the partner's clock has them. */
  readonly time: number;
  readonly nonce: string;
  /** The text that was signed, as the wire saw the request. */
  readonly text: string;
  readonly signature: Buffer;
  readonly trace: TraceId;
}

/** Why a signed request is not believed. Only the partner's own log tells an attacker's `key` from its `signature`. */
export type NotBelieved = 'key' | 'blocked' | 'stale' | 'signature' | 'replayed';

export type AuthenticatePartner = (request: SignedRequest) => Promise<PartnerActor | NotBelieved>;

export interface AuthenticateDeps {
  readonly published: PublishedPartners;
  readonly master: Buffer;
  readonly clock: Clock;
  readonly store: EphemeralStore;
  readonly windowMs: number;
}

/**
 * Believes a request when its HMAC-SHA-256 fits an active key, its time is within the window, and its nonce was not
 * seen before. The nonce is looked at last: nobody uses up nonces without the key.
 */
export function createAuthenticatePartner(deps: AuthenticateDeps): AuthenticatePartner {
  const { published, master, clock, store, windowMs } = deps;
  return async ({ keyId, time, nonce, text, signature, trace }) => {
    const partner = (await published.current()).findHolder(keyId);
    if (partner === undefined) return 'key';
    const expected = createHmac('sha256', secretOf(master, keyId)).update(text).digest();
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) return 'signature';
    if (partner.blocked) return 'blocked';
    const now = clock.now();
    if (Math.abs(now - time * SECOND_MS) > windowMs) return 'stale';
    // Signed at the far end of the window, it could be repeated for two windows.
    const seenBefore =
      (await store.put(`partner-nonce:${keyId}:${nonce}`, '1', later(now, 2 * windowMs + SECOND_MS), 0)) ===
      undefined;
    return seenBefore ? 'replayed' : { partner, key: keyId, trace };
  };
}
