import type { PricedItem } from '../../src/price-list/price-list.ts';

/** An item that is for sale at one price for ever, with whatever else a test needs. */
export function pricedItem(
  item: Pick<PricedItem, 'code' | 'name' | 'points'> & Partial<PricedItem>,
): PricedItem {
  return { number: 1, kind: 'service', cancelDays: 0, prices: [{ points: item.points }], ...item };
}
