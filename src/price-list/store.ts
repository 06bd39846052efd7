import { createHash } from 'node:crypto';
import type { Db, PostgresPool } from '../storage/postgres.ts';
import type { BenefitTerms, DatedPrice, ListedItem, PublishedList } from './price-list.ts';

/** Points, values and uses as decimal strings: JSON numbers end at 2^53. */
interface StoredItem extends Omit<ListedItem, 'prices' | 'benefit'> {
  readonly prices: readonly (Omit<DatedPrice, 'points'> & { readonly points: string })[];
  readonly benefit?: Omit<BenefitTerms, 'value' | 'uses'> & {
    readonly value: string;
    readonly uses?: string;
  };
}

export interface Publishing {
  readonly items: readonly ListedItem[];
  readonly now: Date;
  /**
   * A file is published once: starting again with a file that an earlier version came from must not undo what staff
   * published since.
   */
  readonly unlessSeen: boolean;
}

/** Publishes the list as a new version, unless the newest one says the same. Answers the newest. */
export async function publishPriceList(pool: PostgresPool, publishing: Publishing): Promise<PublishedList> {
  const text = JSON.stringify(publishing.items, bigintAsText);
  const hash = createHash('sha256').update(text).digest();
  return pool.transaction(async (tx) => {
    // Two daemons may start together; only one of them publishes. The runtime role may not lock a journal table.
    await tx.query(`select pg_advisory_xact_lock(hashtextextended('price_list', 0))`);
    const newest = await findNewest(tx);
    if (newest !== undefined) {
      if (newest.contentHash.equals(hash)) return newest.list;
      if (publishing.unlessSeen && (await wasPublished(tx, hash))) return newest.list;
    }
    const rows = await tx.query<{ version: number }>(
      'insert into price_list (content_hash, items, published_at) values ($1, $2, $3) returning version',
      [hash, text, publishing.now],
    );
    return { version: rows[0]!.version, items: publishing.items };
  });
}

/** The list in force; undefined before anything was published. */
export async function findNewestPriceList(db: Db): Promise<PublishedList | undefined> {
  return (await findNewest(db))?.list;
}

export async function findPriceList(db: Db, version: number): Promise<PublishedList | undefined> {
  const rows = await db.query<{ items: StoredItem[] }>('select items from price_list where version = $1', [
    version,
  ]);
  return rows[0] && { version, items: rows[0].items.map(toItem) };
}

async function wasPublished(db: Db, hash: Buffer): Promise<boolean> {
  const rows = await db.query('select 1 from price_list where content_hash = $1 limit 1', [hash]);
  return rows.length > 0;
}

async function findNewest(db: Db): Promise<{ contentHash: Buffer; list: PublishedList } | undefined> {
  const rows = await db.query<{ version: number; contentHash: Buffer; items: StoredItem[] }>(
    'select version, content_hash as "contentHash", items from price_list order by version desc limit 1',
  );
  const row = rows[0];
  return (
    row && { contentHash: row.contentHash, list: { version: row.version, items: row.items.map(toItem) } }
  );
}

function bigintAsText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

function toItem({ benefit, prices, ...rest }: StoredItem): ListedItem {
  return {
    ...rest,
    prices: prices.map((price) => ({ ...price, points: BigInt(price.points) })),
    ...(benefit !== undefined && {
      benefit: {
        ...benefit,
        value: BigInt(benefit.value),
        uses: benefit.uses === undefined ? undefined : BigInt(benefit.uses),
      },
    }),
  };
}
