import type { Db } from '../storage/postgres.ts';
import type { Instant } from '../values/instant.ts';
import type { ClosingEvent } from './subscriber.ts';

/** What a subscriber's life does to the wallet, in the transaction of the event; given by the ledger. */
export interface Wallets {
  /** Opens the wallet of a new subscriber. */
  open(tx: Db, subscriberId: bigint, at: Instant): Promise<void>;
  /** A suspended subscriber neither earns nor spends. */
  setSuspended(tx: Db, subscriberId: bigint, suspended: boolean): Promise<void>;
}

/**
 * Closes what is open in a subscriber's name (dialogues, pendings, bindings) and settles the wallet by the rule of
 * the programme. Called after the commit, again after a failure or a crash until it resolves: must be idempotent by
 * `event.eventId`.
 */
export type OnClosed = (subscriberId: bigint, event: ClosingEvent) => Promise<void>;
