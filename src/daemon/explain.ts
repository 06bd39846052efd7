import { Refusal } from '../errors.ts';
import { listStory, type Story } from '../ledger/story-store.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import type { Instant } from '../values/instant.ts';
import { findMsisdn, type NumberPlan } from '../values/msisdn.ts';
import type { Subscribers } from '../subscribers/subscribers.ts';

/**
 * The story behind a complaint: what was asked for, through which door, what the ledger did and which messages went
 * out, from a request or trace id (32 hex digits) or for the owner of a number.
 *
 * @throws Refusal `subscriber_unknown`, `transfer_unknown`
 */
export async function explain(
  {
    pool,
    subscribers,
    now,
    numberPlan,
  }: {
    readonly pool: PostgresPool;
    readonly subscribers: Subscribers;
    readonly now: Instant;
    readonly numberPlan: NumberPlan;
  },
  subject: string,
): Promise<Story[]> {
  if (/^[0-9a-f]{32}$/.test(subject)) {
    const stories = await listStory(pool, { request: Buffer.from(subject, 'hex') });
    if (stories.length === 0) throw new Refusal('transfer_unknown', { request: subject });
    return stories;
  }
  const msisdn = findMsisdn(subject, numberPlan);
  if (msisdn === undefined) throw new Refusal('msisdn_invalid');
  const owner = await subscribers.resolveNumber(msisdn, now);
  if (owner === undefined) throw new Refusal('subscriber_unknown');
  return listStory(pool, { subscriber: owner.id });
}
