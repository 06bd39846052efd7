import type { CatalogueItem } from '../channels/command.ts';
import { Refusal } from '../errors.ts';

/** One published version of what points buy. Never changed: another list is another version. */
export interface PriceList {
  readonly version: number;
  readonly items: readonly PricedItem[];
}

export interface PricedItem extends CatalogueItem {
  /** Pool of the ledger that holds what is left; absent for goods without a stock. */
  readonly stockPool?: number;
  /** Redeeming gives a code, made from this pattern: `#` is a random digit. */
  readonly voucherPattern?: string;
}

/**
 * Finds an item by the number shown in the list or by its code, in whatever case.
 *
 * @throws Refusal `item_unknown`
 */
export function getItem(list: PriceList, wanted: string): PricedItem {
  const code = wanted.trim().toLowerCase();
  const item = list.items.find((one) => String(one.number) === code || one.code.toLowerCase() === code);
  if (item === undefined) throw new Refusal('item_unknown', { items: list.items.length });
  return item;
}
