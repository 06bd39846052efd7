import { randomBytes } from 'node:crypto';
import type { OutboxRow } from '../../src/notify/outbox.ts';
import type { PostgresPool } from '../../src/storage/postgres.ts';

/** A row as the ledger writes it: open, due at once, on lease to `owner` until `leaseUntil`. */
export async function insertOutbox(
  pool: PostgresPool,
  row: Partial<OutboxRow> & { id: number; createdAt: number },
  owner?: number,
): Promise<OutboxRow> {
  const full: OutboxRow = {
    home: 1,
    subscriber: 16,
    priority: 0,
    smsc: 'north',
    source: '2500',
    destination: '79160000001',
    body: `text ${String(row.id)}`,
    receipt: true,
    trace: randomBytes(16),
    dueAt: row.createdAt,
    leaseUntil: row.createdAt + 30_000,
    ...row,
  };
  await pool.query(
    `insert into outbox (home, id, subscriber, priority, smsc, source, destination, body, receipt, trace, created_at,
       due_at, lease_owner, lease_until) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [
      full.home,
      full.id,
      full.subscriber,
      full.priority,
      full.smsc,
      full.source,
      full.destination,
      full.body,
      full.receipt,
      full.trace,
      new Date(full.createdAt),
      new Date(full.dueAt),
      owner ?? null,
      owner === undefined ? null : new Date(full.leaseUntil),
    ],
  );
  return full;
}
