import { Refusal } from '../errors.ts';
import { fillPool } from '../ledger/decide/pool.ts';
import { systemOf } from '../ledger/keys.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { channelNumber, clientRequest, contentHash, traceOctets } from '../ledger/request-key.ts';
import { openPool } from '../ledger/store.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import { findAgreementAt, type Partner } from './agreement.ts';
import type { PartnerBook } from './book.ts';
import type { Publisher } from './publish.ts';
import { prepaidPool, quotaLeft } from './quota.ts';
import { microOf, roundHalfEven } from './rate.ts';

export interface TopUp {
  /** Unique per actor; the same key again answers the first outcome. */
  readonly idempotencyKey: string;
  readonly points: bigint;
  /** Number of the payment or invoice, for the audit. */
  readonly reason: string;
}

export interface ToppedUp {
  readonly left: bigint;
  /** What the points cost by the agreement valid now, in minor units. */
  readonly dueMinor: bigint;
  readonly replayed: boolean;
}

/**
 * Sells a partner points in advance.
 *
 * @throws Refusal `agreement_missing` (none valid, or a postpaid one), `idempotency_mismatch`
 */
export async function topUpPrepaid(
  deps: { readonly pool: PostgresPool; readonly ledger: Ledger },
  actor: Publisher,
  book: PartnerBook,
  partner: Partner,
  { idempotencyKey, points, reason }: TopUp,
  now: number,
): Promise<ToppedUp> {
  const agreement = findAgreementAt(book.agreementsOf(partner.id), now);
  if (agreement?.model !== 'prepaid_points') throw new Refusal('agreement_missing');
  const number = prepaidPool(partner.id);
  await openPool(deps.pool, number);
  const posted = await deps.ledger.post({
    ...fillPool(number, points, { source: systemOf(partner.id, 'quota'), reason }),
    request: {
      ...clientRequest(`prepaid ${actor.name}`, idempotencyKey),
      contentHash: contentHash({ partner: partner.id, points, reason }),
      trace: traceOctets(actor.trace),
      channel: channelNumber('api'),
      actor: actor.name,
      operation: 'prepaid_top_up',
    },
  });
  if (posted.kind === 'duplicate') throw new Error('a top-up is no MO');
  if (posted.verdict.kind === 'refused') throw new Refusal(posted.verdict.code, posted.verdict.detail);
  return {
    left: await quotaLeft(deps.pool, number),
    dueMinor: roundHalfEven(microOf(points, agreement.earnRate)),
    replayed: posted.replayed,
  };
}
