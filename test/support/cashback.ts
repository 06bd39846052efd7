import { currentCursor } from '../../src/cashback/change-store.ts';
import type { Db } from '../../src/storage/postgres.ts';

/**
 * Resolves when the change feed shows everything that is committed now. The feed waits for the oldest transaction of
 * the whole server, and on a test server there are others.
 */
export async function feedIsCurrent(db: Db): Promise<void> {
  const [row] = await db.query<{ xid: string }>('select pg_current_xact_id()::text as xid');
  while (BigInt(await currentCursor(db)) <= BigInt(row!.xid))
    await new Promise((resolve) => setImmediate(resolve));
}
