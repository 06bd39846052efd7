import { Refusal } from '../errors.ts';
import type { PartnerOperationRecord } from '../ledger/kinds/partner-operation.ts';
import type { AccountKey } from '../ledger/keys.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Decision, Operation, RequestIdentity, View } from '../ledger/operation.ts';
import { channelNumber, clientRequest, traceOctets } from '../ledger/request-key.ts';
import type { Clock } from '../runtime/clock.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import type { Instant } from '../values/instant.ts';
import type { Msisdn } from '../values/msisdn.ts';
import type { TraceId } from '../values/trace.ts';
import type { Partner } from './agreement.ts';
import type { PublishedPartners } from './book.ts';
import { findOperation } from './operation-store.ts';

/** Who signed a request of the partner API. */
export interface PartnerActor {
  readonly partner: Partner;
  readonly key: string;
  readonly trace: TraceId;
}

export interface PartnerOperationDeps {
  readonly pool: PostgresPool;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly published: PublishedPartners;
  /** Refusal `stopped` while the emergency brake is on. */
  checkBrake(brake: 'redemptions'): void;
  /** Who had the number at that moment. */
  resolve(msisdn: Msisdn, at: Instant): Promise<{ readonly id: bigint } | undefined>;
}

export type OperationKind = 'purchase' | 'purchase_refund' | 'hold' | 'hold_refund';

/** @throws Refusal `subscriber_unknown` */
export async function getMember(
  deps: Pick<PartnerOperationDeps, 'resolve'>,
  msisdn: Msisdn,
  at: Instant,
): Promise<bigint> {
  const member = await deps.resolve(msisdn, at);
  if (member === undefined) throw new Refusal('subscriber_unknown');
  return member.id;
}

/** The partner's own operation; another partner's does not exist for it. @throws Refusal `partner_operation_unknown` */
export async function getOperation(
  { pool }: Pick<PartnerOperationDeps, 'pool'>,
  { partner }: PartnerActor,
  kind: OperationKind,
  reference: string,
): Promise<PartnerOperationRecord> {
  const found = await findOperation(pool, partner.id, kind, reference);
  if (found === undefined) throw new Refusal('partner_operation_unknown');
  return found;
}

/**
 * What was done before under this name. Operations are kept for ever, so a name is never used twice, also after the
 * request's own answer was removed (ADR 9).
 *
 * @throws Refusal `idempotency_mismatch`
 */
export async function findBefore(
  { pool }: Pick<PartnerOperationDeps, 'pool'>,
  { partner }: PartnerActor,
  kind: OperationKind,
  reference: string,
  hash: Buffer,
): Promise<PartnerOperationRecord | undefined> {
  const found = await findOperation(pool, partner.id, kind, reference);
  if (found !== undefined && !found.contentHash.equals(hash)) throw new Refusal('idempotency_mismatch');
  return found;
}

export function requestOf(
  actor: PartnerActor,
  operation: string,
  reference: string,
  hash: Buffer,
): RequestIdentity {
  return {
    ...clientRequest(`partner ${String(actor.partner.id)} ${operation}`, reference),
    contentHash: hash,
    trace: traceOctets(actor.trace),
    channel: channelNumber('api'),
    actor: actor.key,
    operation: `partner_${operation}`,
  };
}

/** Posts and answers the data of the decision. @throws Refusal as decided */
export async function carryOut(
  ledger: Ledger,
  part: Pick<Operation, 'keys' | 'decide'>,
  request: RequestIdentity,
): Promise<{ readonly data: unknown; readonly replayed: boolean }> {
  const posted = await ledger.post({ ...part, request });
  if (posted.kind === 'duplicate') throw new Error('a partner operation is no MO');
  const { verdict, replayed } = posted;
  if (verdict.kind === 'refused') throw new Refusal(verdict.code, verdict.detail);
  return { data: verdict.data, replayed };
}

/** The record of an operation, all but what its kind fills in. */
export function recordOf(
  view: View,
  wallet: AccountKey,
  drawn: Pick<
    PartnerOperationRecord,
    'partner' | 'kind' | 'reference' | 'agreement' | 'points' | 'occurredAt'
  > &
    Partial<PartnerOperationRecord>,
): PartnerOperationRecord {
  return {
    home: wallet.home,
    account: wallet.id,
    serial: drawn.serial ?? view.serial(),
    contentHash: view.request.contentHash,
    requestKey: view.request.key,
    subject: null,
    minor: null,
    refundedMinor: 0n,
    transfer: null,
    createdAt: view.now,
    ...drawn,
  };
}

/** Two decisions on different records as one. */
export function joined(first: Decision, second: Partial<Decision>): Decision {
  return {
    ...first,
    accounts: [...(first.accounts ?? []), ...(second.accounts ?? [])],
    transfers: [...(first.transfers ?? []), ...(second.transfers ?? [])],
    records: [...(first.records ?? []), ...(second.records ?? [])],
  };
}
