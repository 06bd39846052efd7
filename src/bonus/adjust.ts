import { Refusal } from '../errors.ts';
import { earn, type Earned } from '../ledger/decide/earn.ts';
import { spend, type Spent } from '../ledger/decide/spend.ts';
import { walletOf } from '../ledger/keys.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { GOODWILL } from '../ledger/lot-classes.ts';
import type { Operation } from '../ledger/operation.ts';
import { channelNumber, clientRequest, contentHash, traceOctets } from '../ledger/request-key.ts';
import type { Channel, TraceId } from '../values/trace.ts';
import { expiresAt } from './expiry.ts';
import type { Programme } from './programme.ts';

export interface AdjustmentRequest {
  /** Unique per actor; the same key again answers the first outcome. */
  readonly idempotencyKey: string;
  readonly actor: string;
  readonly channel: Channel;
  readonly trace: TraceId;
  readonly subscriberId: bigint;
  /** Negative to take points away; never zero. */
  readonly points: bigint;
  /** Reason code and comment, as the audit will read them. */
  readonly reason: string;
}

/**
 * Gives or takes points by hand: goodwill <-> wallet.
 *
 * @throws Refusal `points_insufficient`, `idempotency_mismatch`, `account_closed`, `account_unknown`
 */
export async function adjust(
  ledger: Ledger,
  programme: Programme,
  request: AdjustmentRequest,
): Promise<{ readonly available: bigint; readonly replayed: boolean }> {
  const part = await partOf(ledger, programme, request);
  const posted = await ledger.post({ ...part, request: identityOf(request) });
  if (posted.kind === 'duplicate') throw new Error('an adjustment is no MO');
  const { verdict, replayed } = posted;
  if (verdict.kind === 'refused') throw new Refusal(verdict.code, verdict.detail);
  return { available: (verdict.data as Earned | Spent).available, replayed };
}

async function partOf(
  ledger: Ledger,
  programme: Programme,
  { subscriberId, points, reason }: AdjustmentRequest,
): Promise<Pick<Operation, 'keys' | 'decide'>> {
  const wallet = walletOf(subscriberId);
  if (points < 0n) return spend({ from: wallet, points: -points, to: 'goodwill', kind: 'adjust', reason });
  const { id } = await ledger.classes.intern(GOODWILL);
  return earn({
    to: wallet,
    points,
    classId: id,
    expiresAt: expiresAt(programme),
    from: 'goodwill',
    kind: 'adjust',
    reason,
    debtSharePpm: 0n,
  });
}

function identityOf(request: AdjustmentRequest): Operation['request'] {
  const { actor, idempotencyKey, subscriberId, points, reason, channel, trace } = request;
  return {
    ...clientRequest(`adjust ${actor}`, idempotencyKey),
    contentHash: contentHash({ subscriberId, points, reason }),
    trace: traceOctets(trace),
    channel: channelNumber(channel),
    actor,
    operation: 'adjust',
  };
}
