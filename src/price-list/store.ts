import { createHash } from 'node:crypto';
import type { Db, PostgresPool } from '../storage/postgres.ts';
import type { PricedItem, PriceList } from './price-list.ts';

/** An item as it is written in `conf/price-list.yaml`. */
export interface ItemDraft {
  readonly code: string;
  readonly name: PricedItem['name'];
  readonly points: number;
  readonly stock?: { readonly pool: number; readonly initially: number } | undefined;
  readonly voucherPattern?: string | undefined;
}

interface StoredItem extends Omit<PricedItem, 'points'> {
  readonly points: string;
}

/** Publishes the list as a new version, unless the newest one says the same. */
export async function publishPriceList(
  pool: PostgresPool,
  drafts: readonly ItemDraft[],
  now: Date,
): Promise<PriceList> {
  const items: StoredItem[] = drafts.map((draft, index) => ({
    number: index + 1,
    code: draft.code,
    name: draft.name,
    points: String(draft.points),
    ...(draft.stock !== undefined && { stockPool: draft.stock.pool }),
    ...(draft.voucherPattern !== undefined && { voucherPattern: draft.voucherPattern }),
  }));
  const text = JSON.stringify(items);
  const hash = createHash('sha256').update(text).digest();
  return pool.transaction(async (tx) => {
    // Two daemons may start together; only one of them publishes. The runtime role may not lock a journal table.
    await tx.query(`select pg_advisory_xact_lock(hashtextextended('price_list', 0))`);
    const newest = await findNewest(tx);
    if (newest !== undefined && newest.contentHash.equals(hash)) return newest.list;
    const rows = await tx.query<{ version: number }>(
      'insert into price_list (content_hash, items, published_at) values ($1, $2, $3) returning version',
      [hash, text, now],
    );
    return { version: rows[0]!.version, items: items.map(toItem) };
  });
}

async function findNewest(db: Db): Promise<{ contentHash: Buffer; list: PriceList } | undefined> {
  const rows = await db.query<{ version: number; contentHash: Buffer; items: StoredItem[] }>(
    'select version, content_hash as "contentHash", items from price_list order by version desc limit 1',
  );
  const row = rows[0];
  return (
    row && { contentHash: row.contentHash, list: { version: row.version, items: row.items.map(toItem) } }
  );
}

function toItem(stored: StoredItem): PricedItem {
  return { ...stored, points: BigInt(stored.points) };
}
