import { ACCEPTED, DECLINED, MEMBER, type ShownRecord } from '../../cashback/changes.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { CashbackConfig } from '../../runtime/config/cashback.ts';
import { DAY_MS } from '../../values/instant.ts';
import type { Decide, PassReason, RedirectRequest } from './decision.ts';
import type { ReturnTickets } from './return-url.ts';
import { hasMarker, safeUrl } from './safe-url.ts';
import type { Snapshot } from './snapshot.ts';

/** Longer ones would not survive browsers and proxies inside a Location; such a request passes. */
const URL_LENGTH_MAX = 2_048;

export type RedirectPolicy = Pick<
  CashbackConfig,
  'offerUrl' | 'quietDays' | 'loopGuardParams' | 'returnValidityMs'
>;

type Verdict =
  | { readonly kind: 'pass'; readonly reason: PassReason }
  | { readonly kind: 'show'; readonly subscriber: number; readonly merchant: number; readonly url: string };

const pass = (reason: PassReason): Verdict => ({ kind: 'pass', reason });

/**
 * Whether to show the offer: a visit of a partner shop over plain HTTP by a member of the audience who has not
 * answered and has not seen the offer lately. Pure; the cheapest and commonest reasons to pass come first.
 */
export function decideRedirect(
  snapshot: Snapshot | undefined,
  policy: RedirectPolicy,
  request: RedirectRequest,
  nowS: number,
): Verdict {
  if (request.method === 'CONNECT') return pass('connect');
  if (request.method !== 'GET' && request.method !== 'HEAD') return pass('method');
  if (!/^http:\/\//i.test(request.url)) return pass('not_http');
  if (snapshot === undefined) return pass('snapshot_not_ready');
  const merchant = snapshot.merchantOf(request.host);
  if (merchant === 0) return pass('not_partner');
  if (hasMarker(request.url, policy.loopGuardParams)) return pass('loop_guard');
  const url = safeUrl(request.url);
  if (url.length > URL_LENGTH_MAX) return pass('url_too_long');
  if (request.identity === undefined) return pass('no_identity');
  const subscriber = snapshot.subscriberOf(request.identity, nowS);
  if (subscriber === 0) return pass('unknown_identity');
  const flags = snapshot.flagsOf(subscriber);
  if ((flags & MEMBER) === 0) return pass('not_eligible');
  if ((flags & (ACCEPTED | DECLINED)) !== 0) return pass('answered');
  const shownAtS = snapshot.shownAtS(subscriber);
  if (shownAtS !== 0 && nowS < shownAtS + (policy.quietDays * DAY_MS) / 1_000) return pass('recently_shown');
  return { kind: 'show', subscriber, merchant, url };
}

/** What {@link createDecide} stands on; the snapshot and the policy may be exchanged while it runs. */
export interface DecideContext {
  readonly clock: Clock;
  readonly tickets: ReturnTickets;
  readonly policy: RedirectPolicy;
  snapshot(): Snapshot | undefined;
  /** True while the offer page could not answer: a shop within reach matters more than an offer. */
  paused?(): boolean;
  /** Takes the audit record of a redirect; must not throw or wait. */
  shown(record: ShownRecord): void;
}

/** The decision the ICAP wire calls: never throws, never waits; what cannot be decided passes. */
export function createDecide(context: DecideContext): Decide {
  return (request) => {
    try {
      const snapshot = context.snapshot();
      const nowMs = context.clock.now();
      const nowS = Math.floor(nowMs / 1_000);
      const verdict = decideRedirect(snapshot, context.policy, request, nowS);
      if (verdict.kind === 'pass') return verdict;
      if (context.paused?.() === true) return { kind: 'pass', reason: 'offer_unavailable' };
      const { subscriber, merchant, url } = verdict;
      const expiresAtS = Math.floor((nowMs + context.policy.returnValidityMs) / 1_000);
      const { token, nonce } = context.tickets.seal({ subscriber, merchant, url, expiresAtS });
      snapshot?.apply({ kind: 'shown', subscriber, atS: nowS });
      context.shown({ subscriber, merchant, host: request.host, nonce, atS: nowS });
      return { kind: 'redirect', location: offerLocation(context.policy.offerUrl, token) };
    } catch {
      return { kind: 'pass', reason: 'fault' };
    }
  };
}

function offerLocation(offerUrl: string, token: string): string {
  return `${safeUrl(offerUrl)}${offerUrl.includes('?') ? '&' : '?'}t=${token}`;
}
