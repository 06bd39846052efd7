import type { Db } from '../storage/postgres.ts';
import type { Instant } from '../values/instant.ts';
import type { CashbackChange } from './changes.ts';

/** Appends to the change feed; called in the transaction that makes the changes true. */
export async function writeChanges(tx: Db, changes: readonly CashbackChange[], now: Instant): Promise<void> {
  if (changes.length === 0) return;
  await tx.query(
    `insert into cashback_change (body, changed_at) select body::jsonb, $2 from unnest($1::text[]) as c (body)`,
    [changes.map((change) => JSON.stringify(change)), new Date(now)],
  );
}

/** Where a reader of the feed stands: every transaction before it has been seen. */
export type ChangeCursor = string & { readonly __brand: 'ChangeCursor' };

/** Position after everything that is committed or failed now. Read it before the snapshot, not after. */
export async function currentCursor(db: Db): Promise<ChangeCursor> {
  const [row] = await db.query<{ xmin: ChangeCursor }>(
    `select pg_snapshot_xmin(pg_current_snapshot())::text as xmin`,
  );
  return row!.xmin;
}

/**
 * Changes of all transactions from `cursor` up to the oldest one still running, in order of transaction. A row that
 * commits late is not lost: until then its transaction holds the end back.
 */
export async function listChanges(
  db: Db,
  cursor: ChangeCursor,
): Promise<{ changes: CashbackChange[]; cursor: ChangeCursor }> {
  const [row] = await db.query<{ changes: CashbackChange[] | null; xmin: ChangeCursor }>(
    `select pg_snapshot_xmin(pg_current_snapshot())::text as xmin,
            (select jsonb_agg(body order by xid, id) from cashback_change
              where xid >= $1::text::xid8 and xid < pg_snapshot_xmin(pg_current_snapshot())) as changes`,
    [cursor],
  );
  return { changes: row!.changes ?? [], cursor: row!.xmin };
}
