import type { PostgresPool } from '../storage/postgres.ts';
import type { ListedItem, PublishedList } from './price-list.ts';
import { findPriceList } from './store.ts';

/** Finds an item as it was in one published version; versions never change, so each is read once. */
export function createItemFinder(
  pool: PostgresPool,
): (version: number, code: string) => Promise<ListedItem | undefined> {
  const versions = new Map<number, PublishedList>();
  return async (version, code) => {
    const list = versions.get(version) ?? (await findPriceList(pool, version));
    if (list === undefined) return undefined;
    versions.set(version, list);
    return list.items.find((item) => item.code === code);
  };
}
