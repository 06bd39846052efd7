import type { SagaRecord } from '../ledger/kinds/saga.ts';
import type { Db } from '../storage/postgres.ts';

/** Sagas whose next step is due, longest waiting first. A plain read: the claim decides under the lock. */
export async function listDueSagas(
  db: Db,
  types: readonly string[],
  now: number,
  limit: number,
): Promise<SagaRecord[]> {
  const rows = await db.query<
    Omit<SagaRecord, 'account' | 'serial' | 'subject' | 'dueAt' | 'createdAt'> & {
      account: bigint;
      serial: bigint;
      subject: bigint | null;
      dueAt: Date | null;
      createdAt: Date;
    }
  >(
    `select home, account, serial, type, subject, step, data, attempts, due_at as "dueAt", created_at as "createdAt"
      from saga where due_at <= to_timestamp($2::float8 / 1000) and type = any($1) order by due_at limit $3`,
    [types, now, limit],
  );
  return rows.map((row) => ({
    ...row,
    account: Number(row.account),
    serial: Number(row.serial),
    subject: row.subject === null ? null : Number(row.subject),
    dueAt: row.dueAt?.getTime() ?? null,
    createdAt: row.createdAt.getTime(),
  }));
}
