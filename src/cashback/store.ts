import type { Db, PostgresPool } from '../storage/postgres.ts';
import type { Instant } from '../values/instant.ts';
import type { Language } from '../values/language.ts';
import type { TraceId } from '../values/trace.ts';
import type { Answer, ShownRecord } from './changes.ts';
import { writeChanges } from './change-store.ts';

/** A person's word on the offer, with all that makes it provable later. */
export interface GivenAnswer {
  readonly subscriber: number;
  readonly answer: Answer;
  readonly merchant: number;
  readonly language: Language;
  readonly trace: TraceId;
  readonly nonce: string;
  readonly nonceExpiresAt: Instant;
}

/**
 * Uses the nonce of a return URL and stores the answer as the next version, both or nothing.
 *
 * @returns the version, or undefined when the nonce was used before: a replay stores nothing
 */
export async function recordAnswer(
  pool: PostgresPool,
  given: GivenAnswer,
  now: Instant,
): Promise<number | undefined> {
  return pool.transaction(async (tx) => {
    if (!(await useNonce(tx, given.nonce, given.nonceExpiresAt, now))) return undefined;
    // Two answers of one person come one after the other, so that versions have no gap and no clash.
    await tx.query(`select pg_advisory_xact_lock(hashtextextended('cashback_answer', $1))`, [
      given.subscriber,
    ]);
    const [row] = await tx.query<{ version: number }>(
      `insert into cashback_answer (subscriber_id, version, answer, merchant_id, language, trace, answered_at)
       select $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5, $6 from cashback_answer where subscriber_id = $1
       returning version`,
      [given.subscriber, given.answer, given.merchant, given.language, given.trace, new Date(now)],
    );
    await writeChanges(tx, [{ kind: 'answer', subscriber: given.subscriber, answer: given.answer }], now);
    return row!.version;
  });
}

/** Marks a nonce as used; false when it was used before. Concurrent calls: exactly one hears true. */
export async function useNonce(db: Db, nonce: string, expiresAt: Instant, now: Instant): Promise<boolean> {
  const rows = await db.query(
    `insert into cashback_nonce (nonce, used_at, expires_at) values ($1, $2, $3)
     on conflict do nothing returning nonce`,
    [nonce, new Date(now), new Date(expiresAt)],
  );
  return rows.length === 1;
}

/** Stores the audit records of redirects; storing one again changes nothing. */
export async function recordShown(
  pool: PostgresPool,
  records: readonly ShownRecord[],
  now: Instant,
): Promise<void> {
  if (records.length === 0) return;
  await pool.transaction(async (tx) => {
    await tx.query(
      `insert into cashback_shown (nonce, subscriber_id, merchant_id, host, shown_at)
       select nonce, subscriber, merchant, host, to_timestamp(at_s)
         from unnest($1::text[], $2::bigint[], $3::integer[], $4::text[], $5::bigint[])
              as shown (nonce, subscriber, merchant, host, at_s)
       on conflict do nothing`,
      [
        records.map(({ nonce }) => nonce),
        records.map(({ subscriber }) => subscriber),
        records.map(({ merchant }) => merchant),
        records.map(({ host }) => host),
        records.map(({ atS }) => atS),
      ],
    );
    await writeChanges(
      tx,
      records.map(({ subscriber, atS }) => ({ kind: 'shown', subscriber, atS })),
      now,
    );
  });
}

/** The latest answer of a subscriber and its version. */
export async function findAnswer(
  db: Db,
  subscriber: number,
): Promise<{ answer: Answer; version: number } | undefined> {
  const [row] = await db.query<{ answer: Answer; version: number }>(
    `select answer, version from cashback_answer where subscriber_id = $1 order by version desc limit 1`,
    [subscriber],
  );
  return row;
}

/** Forgets nonces that no valid return URL can have any more, and changes that every reader has seen. */
export async function pruneCashback(db: Db, now: Instant, changesBefore: Instant): Promise<void> {
  await db.query(`delete from cashback_nonce where expires_at < $1`, [new Date(now)]);
  await db.query(`delete from cashback_change where changed_at < $1`, [new Date(changesBefore)]);
}
