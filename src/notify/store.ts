import type { Db, PostgresPool } from '../storage/postgres.ts';
import { OUTBOX_STATE } from '../ledger/records.ts';
import { NOTICE_STATE } from './plan.ts';
import { keyOf, type OutboxKey, type OutboxRow, type SentPart, type Settlement } from './outbox.ts';

/** SQL over `outbox` and `sms_part`. Every write of a lease holder is fenced by its owner number. */

interface StoredRow {
  readonly home: number;
  readonly id: bigint;
  readonly subscriber: bigint | null;
  readonly priority: number;
  readonly smsc: string | null;
  readonly source: string;
  readonly destination: string;
  readonly body: string;
  readonly receipt: boolean;
  readonly trace: Buffer;
  readonly created_at: Date;
  readonly due_at: Date;
  readonly lease_until: Date;
  readonly attempts: number;
}

export interface Claim {
  readonly owner: number;
  readonly priority: number;
  readonly now: number;
  readonly leaseUntil: number;
  readonly limit: number;
}

/** Takes due messages of one priority that nobody holds, oldest first; rows locked by others are passed over. */
export async function claimDue(db: Db, claim: Claim): Promise<OutboxRow[]> {
  const rows = await db.query<StoredRow>(
    `with next as materialized (
       select home, id from outbox
       where state = 0 and priority = $1 and due_at <= $2 and (lease_until is null or lease_until < $2)
       order by due_at limit $3 for update skip locked)
     update outbox o set lease_owner = $4, lease_until = $5
     from next where o.home = next.home and o.id = next.id
     returning o.home, o.id, o.subscriber, o.priority, o.smsc, o.source, o.destination, o.body, o.receipt, o.trace,
       o.created_at, o.due_at, o.lease_until, o.attempts`,
    [claim.priority, new Date(claim.now), claim.limit, claim.owner, new Date(claim.leaseUntil)],
  );
  return rows.map(fromStored).sort((a, b) => a.dueAt - b.dueAt);
}

function fromStored(row: StoredRow): OutboxRow {
  return {
    home: row.home,
    id: Number(row.id),
    subscriber: row.subscriber === null ? null : Number(row.subscriber),
    priority: row.priority,
    smsc: row.smsc,
    source: row.source,
    destination: row.destination,
    body: row.body,
    receipt: row.receipt,
    trace: row.trace,
    createdAt: row.created_at.getTime(),
    dueAt: row.due_at.getTime(),
    leaseUntil: row.lease_until.getTime(),
    attempts: row.attempts,
  };
}

/** Lengthens leases that are still ours; the keys that were. A daemon that was frozen finds out here. */
export async function renewLeases(
  db: Db,
  owner: number,
  leaseUntil: number,
  keys: readonly OutboxKey[],
): Promise<Set<string>> {
  const rows = await db.query<{ home: number; id: bigint }>(
    `update outbox o set lease_until = $3
     from unnest($1::smallint[], $2::bigint[]) k(home, id)
     where o.home = k.home and o.id = k.id and o.state = 0 and o.lease_owner = $4
     returning o.home, o.id`,
    [keys.map(({ home }) => home), keys.map(({ id }) => id), new Date(leaseUntil), owner],
  );
  return new Set(rows.map(({ home, id }) => keyOf({ home, id: Number(id) })));
}

/**
 * Writes how attempts ended, with the parts that were taken. What was sent or shown is written whoever holds the lease
 * by now, so that it is not sent once more; everything else only while the lease is ours. Returns the keys written.
 */
export async function writeSettlements(
  pool: PostgresPool,
  owner: number,
  settlements: readonly Settlement[],
): Promise<Set<string>> {
  return pool.transaction(async (tx) => {
    const rows = await tx.query<{ home: number; id: bigint }>(
      `update outbox o set
         state = r.state,
         due_at = coalesce(r.due_at, o.due_at),
         done_at = case when r.state <> ${OUTBOX_STATE.open} then r.at end,
         attempts = least(o.attempts + 1, 32000),
         lease_owner = case when r.state <> ${OUTBOX_STATE.open} then o.lease_owner end,
         lease_until = case when r.state <> ${OUTBOX_STATE.open} then o.lease_until end
       from unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::timestamptz[], $5::timestamptz[])
         r(home, id, state, due_at, at)
       where o.home = r.home and o.id = r.id and o.state = ${OUTBOX_STATE.open}
         and (o.lease_owner = $6 or r.state in (${OUTBOX_STATE.sent}, ${OUTBOX_STATE.shown}))
       returning o.home, o.id`,
      [
        settlements.map(({ home }) => home),
        settlements.map(({ id }) => id),
        settlements.map(({ state }) => state),
        settlements.map(({ dueAt }) => (dueAt === null ? null : new Date(dueAt))),
        settlements.map(({ at }) => new Date(at)),
        owner,
      ],
    );
    await insertParts(tx, settlements);
    await wakeNotices(tx, settlements);
    return new Set(rows.map(({ home, id }) => keyOf({ home, id: Number(id) })));
  });
}

/** A notice whose message will not be sent tries its next channel at once. */
async function wakeNotices(tx: Db, settlements: readonly Settlement[]): Promise<void> {
  const { open, sent, shown } = OUTBOX_STATE;
  const ended = settlements.filter(({ state }) => state !== open && state !== sent && state !== shown);
  if (ended.length === 0) return;
  await tx.query(
    `update notice n set due_at = r.at
     from unnest($1::smallint[], $2::bigint[], $3::timestamptz[]) r(home, id, at)
       join notice_attempt a on a.home = r.home and a.outbox_id = r.id
     where n.home = a.home and n.account = a.account and n.fact = a.fact and n.state = ${String(NOTICE_STATE.sms)}`,
    [ended.map(({ home }) => home), ended.map(({ id }) => id), ended.map(({ at }) => new Date(at))],
  );
}

async function insertParts(tx: Db, settlements: readonly Settlement[]): Promise<void> {
  const parts = settlements.flatMap(({ home, id, at, parts: taken }) =>
    taken.map((part: SentPart, index) => ({ ...part, home, id, at, part: index + 1 })),
  );
  if (parts.length === 0) return;
  await tx.query(
    `insert into sms_part (smsc, message_id, destination, home, outbox_id, part, sent_at)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::smallint[], $5::bigint[], $6::smallint[],
       $7::timestamptz[])
     on conflict do nothing`,
    [
      parts.map(({ smsc }) => smsc),
      parts.map(({ messageId }) => messageId),
      parts.map(({ destination }) => destination),
      parts.map(({ home }) => home),
      parts.map(({ id }) => id),
      parts.map(({ part }) => part),
      parts.map(({ at }) => new Date(at)),
    ],
  );
}

/** Gives messages back that were not begun, so that another daemon need not wait for the leases to lapse. */
export async function releaseLeases(db: Db, owner: number, keys: readonly OutboxKey[]): Promise<void> {
  await db.query(
    `update outbox o set lease_owner = null, lease_until = null
     from unnest($1::smallint[], $2::bigint[]) k(home, id)
     where o.home = k.home and o.id = k.id and o.state = 0 and o.lease_owner = $3`,
    [keys.map(({ home }) => home), keys.map(({ id }) => id), owner],
  );
}
