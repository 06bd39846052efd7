import type { CatalogueItem } from '../channels/command.ts';
import { Refusal } from '../errors.ts';

/** What an item is, for reports and for the list that a subscriber reads (seed 000, bonus-core §3.1). */
export const ITEM_KINDS = [
  'service',
  'one_time_discount',
  'periodic_discount',
  'usage_discount',
  'free_units',
  'voucher',
  'partner_good',
] as const;
export type ItemKind = (typeof ITEM_KINDS)[number];

/** One published version of what points buy. Never changed: another list is another version. */
export interface PublishedList {
  readonly version: number;
  readonly items: readonly ListedItem[];
}

/** The part of a published list that is for sale at one instant, with the prices of that instant. */
export interface PriceList {
  readonly version: number;
  readonly items: readonly PricedItem[];
}

export interface ListedItem extends Omit<CatalogueItem, 'points'> {
  readonly kind: ItemKind;
  /** Non-overlapping, in order; `from` inclusive, `to` exclusive, epoch milliseconds; absent: without end. */
  readonly prices: readonly DatedPrice[];
  /** Pool of the ledger that holds what is left; absent for goods without a stock. */
  readonly stockPool?: number | undefined;
  /** Redeeming gives a code, made from this pattern: `#` is a random digit. */
  readonly voucherPattern?: string | undefined;
  readonly benefit?: BenefitTerms | undefined;
  /** Service that the billing system switches on before the points are taken. */
  readonly provision?: string | undefined;
  /** Days within which the member may give it back; 0: never. */
  readonly cancelDays: number;
  readonly perMember?: MemberLimit | undefined;
}

export interface DatedPrice {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly points: bigint;
}

/** The discount or the free units that a redemption gives (bonus-core §3.5). */
export interface BenefitTerms {
  readonly scope: 'one_time' | 'periodic' | 'usage';
  readonly service: string;
  readonly effect: 'factor_ppm' | 'fixed_minor' | 'units';
  readonly value: bigint;
  /** How long it lasts from the redemption; absent: until it is used up. */
  readonly days?: number | undefined;
  /** Uses, periods or units; absent: as often as it is valid. */
  readonly uses?: bigint | undefined;
  readonly stackGroup: string;
  readonly priority: number;
}

export interface MemberLimit {
  /** Number of this limit, for ever: uses are counted under it in the member's account. */
  readonly id: number;
  readonly count: number;
  readonly window: 'day' | 'month' | 'ever';
}

export interface PricedItem extends ListedItem, CatalogueItem {}

/** What is for sale at `now`. An item without a price then is not in the list; numbers do not move. */
export function listAt(published: PublishedList, now: number): PriceList {
  const items = published.items.flatMap((item) => {
    const price = priceAt(item, now);
    return price === undefined ? [] : [{ ...item, points: price.points }];
  });
  return { version: published.version, items };
}

export function priceAt(item: Pick<ListedItem, 'prices'>, now: number): DatedPrice | undefined {
  return item.prices.find(({ from, to }) => (from ?? -Infinity) <= now && now < (to ?? Infinity));
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
