import { fillPool } from '../ledger/decide/pool.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { channelNumber, clientRequest, contentHash, traceOctets } from '../ledger/request-key.ts';
import { openPool } from '../ledger/store.ts';
import { listedItems, type PriceListDraft } from '../price-list/draft.ts';
import { loadPriceList } from '../price-list/load.ts';
import { listAt, type ListedItem, type PriceList, type PublishedList } from '../price-list/price-list.ts';
import { findNewestPriceList, publishPriceList } from '../price-list/store.ts';
import { createItemFinder } from '../price-list/versions.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config/config.ts';
import { newTraceId } from '../runtime/ids.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import { checkOffers } from './offers.ts';

/** What points buy, as this daemon knows it. */
export interface Catalogue {
  /** What is for sale now. */
  current(): PriceList;
  findItem(version: number, code: string): Promise<ListedItem | undefined>;
  /** Puts another list in force; answers its version. */
  publish(draft: PriceListDraft): Promise<number>;
  /** Takes over what another daemon published. */
  refresh(): Promise<void>;
}

/** Publishes the file's list unless it was published before, and opens the stock of new pools. */
export async function openCatalogue(
  config: Config,
  pool: PostgresPool,
  ledger: Ledger,
  clock: Clock,
): Promise<Catalogue> {
  let published: PublishedList;
  const put = async (draft: PriceListDraft, unlessSeen: boolean): Promise<PublishedList> => {
    checkOffers(config, draft);
    await openStock(draft, pool, ledger);
    return publishPriceList(pool, { items: listedItems(draft), now: new Date(clock.now()), unlessSeen });
  };
  published = await put(loadPriceList(config.catalogue.priceList), true);
  return {
    current: () => listAt(published, clock.now()),
    findItem: createItemFinder(pool),
    publish: async (draft) => {
      published = await put(draft, false);
      return published.version;
    },
    refresh: async () => {
      published = (await findNewestPriceList(pool)) ?? published;
    },
  };
}

/** Stock of a pool that is new is opened and filled once, however often its list is published. */
async function openStock(draft: PriceListDraft, pool: PostgresPool, ledger: Ledger): Promise<void> {
  for (const { stock } of draft.items) {
    if (stock === undefined) continue;
    await openPool(pool, stock.pool);
    const request = {
      ...clientRequest('stock', `initial ${String(stock.pool)}`),
      contentHash: contentHash({ pool: stock.pool }),
      trace: traceOctets(newTraceId()),
      channel: channelNumber('system'),
      actor: 'price list',
      operation: 'fill_pool',
    };
    await ledger.post({ ...fillPool(stock.pool, BigInt(stock.initially)), request }, 'bulk');
  }
}
