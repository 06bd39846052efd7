import { Refusal } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { channelNumber, contentHash, scopedRequest, traceOctets } from '../ledger/request-key.ts';
import type { Clock } from '../runtime/clock.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import type { Instant } from '../values/instant.ts';
import type { TraceId } from '../values/trace.ts';
import { classUnder, type Agreement, type AgreementTerms, type Partner } from './agreement.ts';
import { openQuota } from './quota.ts';
import { findAgreement, insertAgreement, updateAgreementEnd } from './store.ts';

export interface PublishDeps {
  readonly pool: PostgresPool;
  readonly ledger: Ledger;
  readonly clock: Clock;
}

export interface Publisher {
  readonly name: string;
  readonly trace: TraceId;
}

/**
 * Publishes an agreement: from then on it is never changed but for its end. The same reference with the same terms is
 * the same agreement; what a crash left undone is done then.
 *
 * @throws Refusal `agreement_overlaps`, `idempotency_mismatch` (other terms under a used reference)
 */
export async function publishAgreement(
  { pool, ledger, clock }: PublishDeps,
  publisher: Publisher,
  partner: Partner,
  reference: string,
  terms: AgreementTerms,
): Promise<Agreement> {
  const hash = hashOf(terms);
  const known = await findAgreement(pool, partner.id, reference);
  if (known !== undefined && !known.contentHash.equals(hash)) throw new Refusal('idempotency_mismatch');
  const published = { contentHash: hash, by: publisher.name, at: clock.now() };
  const agreement =
    known?.agreement ??
    (await insertAgreement(pool, { ...terms, partner: partner.id, reference }, published).catch(asRefusal));
  await ledger.classes.intern(classUnder(agreement));
  await openQuota(pool, ledger, agreement, {
    ...scopedRequest('agreement cap', String(agreement.id)),
    contentHash: contentHash({ agreement: agreement.id }),
    trace: traceOctets(publisher.trace),
    channel: channelNumber('api'),
    actor: publisher.name,
    operation: 'fill_quota',
  });
  return agreement;
}

/**
 * Ends an agreement, or moves its end. An end in the past is now: what was done under it stays done.
 *
 * @throws Refusal `agreement_missing`, `agreement_overlaps`
 */
export async function endAgreement(
  { pool, clock }: Pick<PublishDeps, 'pool' | 'clock'>,
  partner: Partner,
  reference: string,
  validTo: Instant,
): Promise<Agreement> {
  const known = await findAgreement(pool, partner.id, reference);
  if (known === undefined) throw new Refusal('agreement_missing');
  const now = clock.now();
  const { id, validFrom } = known.agreement;
  const earliest = now < validFrom ? validFrom : now;
  return updateAgreementEnd(pool, id, validTo < earliest ? earliest : validTo).catch(asRefusal);
}

const EXCLUSION_VIOLATION = '23P01';

function asRefusal(error: unknown): never {
  if ((error as { code?: string }).code === EXCLUSION_VIOLATION) throw new Refusal('agreement_overlaps');
  throw error;
}

function hashOf(terms: AgreementTerms): Buffer {
  const { earnRate, burnRate, cap, validTo, ...rest } = terms;
  return contentHash({
    ...rest,
    earn: `${String(earnRate.num)}/${String(earnRate.den)}`,
    burn: `${String(burnRate.num)}/${String(burnRate.den)}`,
    cap: cap ?? null,
    validTo: validTo ?? null,
  });
}
