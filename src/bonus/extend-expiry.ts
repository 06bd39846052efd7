import { Refusal } from '../errors.ts';
import { extendExpiry, type Extended } from '../ledger/decide/extend.ts';
import { walletOf } from '../ledger/keys.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { channelNumber, clientRequest, contentHash, traceOctets } from '../ledger/request-key.ts';
import type { TraceId } from '../values/trace.ts';
import { endOfLocalDate } from './calendar.ts';

export interface ExtensionRequest {
  /** Unique per actor; the same key again answers the first outcome. */
  readonly idempotencyKey: string;
  readonly actor: string;
  readonly trace: TraceId;
  readonly subscriberId: bigint;
  /** Last local day of the programme's zone on which the points can be spent, `2026-12-31`. */
  readonly lastDay: string;
  /** Reason code and comment, as the audit will read them. */
  readonly reason: string;
}

/**
 * Lets all points of a member that can be spent now live on to the end of a day; those that live longer stay so.
 *
 * @throws Refusal `expiry_in_past`, `idempotency_mismatch`, `account_unknown`
 */
export async function extendByHand(
  ledger: Ledger,
  zone: string,
  { idempotencyKey, actor, trace, subscriberId, lastDay, reason }: ExtensionRequest,
): Promise<Extended & { readonly replayed: boolean }> {
  const to = endOfLocalDate(lastDay, zone);
  const wallet = walletOf(subscriberId);
  const extending = extendExpiry({
    ...{ wallet, to, reason, actor },
    isMeant: (lot, now) => lot.expires > now,
  });
  const posted = await ledger.post({
    keys: extending.keys,
    decide: (view) => {
      if (to <= view.now) throw new Refusal('expiry_in_past');
      return extending.decide(view);
    },
    request: {
      ...clientRequest(`extend expiry ${actor}`, idempotencyKey),
      contentHash: contentHash({ subscriberId, lastDay, reason }),
      trace: traceOctets(trace),
      channel: channelNumber('api'),
      actor,
      operation: 'extend_expiry',
    },
  });
  if (posted.kind === 'duplicate') throw new Error('an extension is no MO');
  const { verdict, replayed } = posted;
  if (verdict.kind === 'refused') throw new Refusal(verdict.code, verdict.detail);
  return { points: (verdict.data as Extended).points, replayed };
}
