import { expiresAt } from '../bonus/expiry.ts';
import type { Programme } from '../bonus/programme.ts';
import { Refusal } from '../errors.ts';
import { earn, type Earned } from '../ledger/decide/earn.ts';
import { partnerOperationKind } from '../ledger/kinds/partner-operation.ts';
import { walletOf, type AccountKey } from '../ledger/keys.ts';
import { toWrite, type Operation } from '../ledger/operation.ts';
import { contentHash } from '../ledger/request-key.ts';
import { jitter } from '../runtime/ids.ts';
import { DAY_MS, later, type Instant } from '../values/instant.ts';
import type { Money } from '../values/money.ts';
import type { Msisdn } from '../values/msisdn.ts';
import { classUnder, type Agreement } from './agreement.ts';
import {
  carryOut,
  findBefore,
  getMember,
  joined,
  recordOf,
  requestOf,
  type PartnerActor,
  type PartnerOperationDeps,
} from './operation.ts';
import { QuotaPartDrained, quotaParts, quotaPoolOf, takeQuota } from './quota.ts';

export interface Purchase {
  /** The partner's number of the receipt. */
  readonly id: string;
  readonly msisdn: Msisdn;
  /** What was paid in money: the part paid with points earns none. */
  readonly amount: Money;
  readonly occurredAt: Instant;
}

export interface PurchaseDeps extends PartnerOperationDeps {
  programme(): Programme;
  readonly currency: string;
}

export interface Purchased {
  readonly points: bigint;
  readonly replayed: boolean;
}

/** A till's clock may be ahead of ours by so much. */
const AHEAD_MS = 300_000;

/**
 * A purchase at a partner: points whose issuer is the partner, given under the agreement of that day and out of what
 * the partner may give, all in one commit.
 *
 * @throws Refusal `subscriber_unknown`, `agreement_missing`, `event_backdated`, `currency_unsupported`,
 *   `partner_prepaid_exhausted`, `limit_exceeded` (cap of the agreement), `idempotency_mismatch`, `account_closed`
 */
export async function recordPurchase(
  deps: PurchaseDeps,
  actor: PartnerActor,
  purchase: Purchase,
): Promise<Purchased> {
  const { id, msisdn, amount, occurredAt } = purchase;
  if (amount.currency !== deps.currency)
    throw new Refusal('currency_unsupported', { currency: deps.currency });
  const hash = contentHash({ msisdn, minor: amount.minor, occurredAt });
  const before = await findBefore(deps, actor, 'purchase', id, hash);
  if (before !== undefined) return { points: before.points, replayed: true };
  const book = await deps.published.current();
  const agreement = book.agreementAt(actor.partner.id, occurredAt);
  checkAge(agreement, occurredAt, deps.clock.now());
  const wallet = walletOf(await getMember(deps, msisdn, occurredAt));
  const { id: classId } = await deps.ledger.classes.intern(classUnder(agreement));
  const points = amount.minor / agreement.minorPerPoint;
  const give = async (chance: number | undefined) => {
    const part = purchaseOf(deps, actor, purchase, {
      agreement,
      wallet,
      classId,
      points,
      quota: await quotaOf(deps, agreement, points, chance),
    });
    return carryOut(deps.ledger, part, requestOf(actor, 'purchase', id, hash));
  };
  const { data, replayed } = await give(jitter()).catch((error: unknown) => {
    if (error instanceof QuotaPartDrained) return give(undefined);
    throw error;
  });
  return { points: (data as Earned).points, replayed };
}

function checkAge({ maxBackdateDays }: Agreement, occurredAt: Instant, now: Instant): void {
  const tooOld = occurredAt < later(now, -maxBackdateDays * DAY_MS);
  if (tooOld || occurredAt > later(now, AHEAD_MS)) {
    throw new Refusal('event_backdated', { days: maxBackdateDays });
  }
}

/** The parts of the quota to lock; with a chance one of them while there is plenty, without it all. */
async function quotaOf(
  { pool }: PurchaseDeps,
  agreement: Agreement,
  points: bigint,
  chance: number | undefined,
): Promise<readonly AccountKey[]> {
  const number = quotaPoolOf(agreement);
  if (number === undefined || points === 0n) return [];
  return quotaParts(pool, number, points, chance);
}

interface Giving {
  readonly agreement: Agreement;
  readonly wallet: AccountKey;
  readonly classId: number;
  readonly points: bigint;
  readonly quota: readonly AccountKey[];
}

function purchaseOf(
  deps: PurchaseDeps,
  { partner }: PartnerActor,
  { id, amount, occurredAt }: Purchase,
  { agreement, wallet, classId, points, quota }: Giving,
): Pick<Operation, 'keys' | 'decide'> {
  const programme = deps.programme();
  const earning = earn({
    to: wallet,
    points,
    classId,
    expiresAt: expiresAt(programme),
    from: 'issue',
    issuer: partner.id,
    kind: 'earn',
    reason: `purchase at ${partner.code}`,
    debtSharePpm: programme.debtSharePpm,
  });
  return {
    keys: { accounts: [wallet, ...quota] },
    decide: (view) => {
      const earned = earning.decide(view);
      const record = recordOf(view, wallet, {
        partner: partner.id,
        kind: 'purchase',
        reference: id,
        agreement: agreement.id,
        points,
        minor: amount.minor,
        transfer: earned.transfers?.[0]?.id ?? null,
        occurredAt,
      });
      const taken = quota.length === 0 ? {} : takeQuota(view, agreement, quota, points);
      return joined(joined(earned, taken), { records: [toWrite(partnerOperationKind, record)] });
    },
  };
}
