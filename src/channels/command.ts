import type { RefusalCode, RefusalDetail } from '../errors.ts';
import type { Instant } from '../values/instant.ts';
import type { Money } from '../values/money.ts';
import type { Language } from '../values/language.ts';
import type { Msisdn } from '../values/msisdn.ts';
import type { Points } from '../values/points.ts';

/**
 * What a subscriber can ask for, the same on every channel.
 *
 * Commands that move points come in two steps: `prepare` quotes and stores a pending record, `confirm` executes it
 * with the pending id as its request id, so a repeated confirmation can never move points twice.
 */
export type Command =
  | { readonly kind: 'balance' }
  | { readonly kind: 'history' }
  | { readonly kind: 'catalogue' }
  | { readonly kind: 'orders' }
  | { readonly kind: 'help' }
  | { readonly kind: 'language'; readonly language: Language }
  | { readonly kind: 'prepare'; readonly action: MoneyAction }
  /** `code` by SMS, `pendingId` where the dialogue itself remembers it. */
  | { readonly kind: 'confirm'; readonly code: string }
  | { readonly kind: 'confirm'; readonly pendingId: string }
  | { readonly kind: 'cancel' };

export type MoneyAction =
  | { readonly kind: 'transfer'; readonly to: Msisdn; readonly points: Points }
  /** `item` is the code or the number that the catalogue shows. */
  | { readonly kind: 'redeem'; readonly item: string }
  /** `order` is its place in the list of orders, newest first: 1, 2, 3... */
  | { readonly kind: 'give_back'; readonly order: number }
  /** Points for money of the billing account. */
  | { readonly kind: 'buy'; readonly points: Points };

/** What was agreed to; shown or read back before it is confirmed. */
export type Quote =
  | { readonly kind: 'transfer'; readonly to: Msisdn; readonly points: Points; readonly fee: Points }
  | { readonly kind: 'redeem'; readonly item: CatalogueItem }
  | { readonly kind: 'give_back'; readonly name: ItemName; readonly points: Points }
  | { readonly kind: 'buy'; readonly points: Points; readonly price: Money };

export type ItemName = Readonly<Record<Language, string>>;

/** An order as its member sees it. */
export interface OrderView {
  /** Place in the list, as typed by the subscriber: 1 is the newest. */
  readonly number: number;
  readonly name: ItemName;
  readonly points: Points;
  readonly at: Instant;
  readonly state: 'waiting' | 'fulfilled' | 'cancelled' | 'failed';
  /** Until when it may be given back; absent when it may not. */
  readonly cancelUntil?: Instant;
}

export interface CatalogueItem {
  /** Position in the list, as typed by the subscriber: 1, 2, 3... */
  readonly number: number;
  readonly code: string;
  readonly name: ItemName;
  readonly points: Points;
}

export interface BalanceView {
  readonly available: Points;
  readonly held: Points;
  readonly pending: Points;
  readonly debt: Points;
  /** What lapses when, soonest first. */
  readonly expiring: readonly { readonly points: Points; readonly at: Instant }[];
}

export interface HistoryEntry {
  readonly at: Instant;
  readonly kind: 'earn' | 'spend' | 'transfer_in' | 'transfer_out' | 'adjust' | 'expire' | 'reverse';
  /** Signed, as seen by the subscriber. */
  readonly points: Points;
}

/** The answer to a command that was carried out. */
export type Result =
  | { readonly kind: 'balance'; readonly balance: BalanceView }
  | { readonly kind: 'history'; readonly entries: readonly HistoryEntry[] }
  | { readonly kind: 'catalogue'; readonly items: readonly CatalogueItem[] }
  | { readonly kind: 'orders'; readonly orders: readonly OrderView[] }
  | { readonly kind: 'help' }
  | { readonly kind: 'language'; readonly language: Language }
  /** `code` is present where the channel asks for one (SMS above the programme's threshold). */
  | { readonly kind: 'prepared'; readonly pendingId: string; readonly code?: string; readonly quote: Quote }
  | { readonly kind: 'transferred'; readonly to: Msisdn; readonly points: Points; readonly available: Points }
  | {
      readonly kind: 'redeemed';
      readonly item: CatalogueItem;
      readonly available: Points;
      readonly voucher?: string;
    }
  /** The points are on hold until billing has switched the service on; a message tells the end. */
  | { readonly kind: 'ordered'; readonly item: CatalogueItem; readonly available: Points }
  | {
      readonly kind: 'given_back';
      readonly name: ItemName;
      readonly points: Points;
      readonly available: Points;
    }
  /** Billing is being asked for the money; a message tells the end. */
  | { readonly kind: 'buying'; readonly points: Points; readonly price: Money }
  | { readonly kind: 'cancelled' };

/** Three-valued: done, refused, or unknown (ask again with the same request). */
export type Outcome =
  | { readonly kind: 'done'; readonly result: Result; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly detail: RefusalDetail }
  | { readonly kind: 'unknown' };
