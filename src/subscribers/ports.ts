import type { Db } from '../storage/postgres.ts';
import type { ClosingEvent } from './subscriber.ts';

/** Opens the wallet of a new subscriber in the transaction that creates it; given by the ledger. */
export type OpenWallet = (tx: Db, subscriberId: bigint) => Promise<void>;

/**
 * Closes what is open in a subscriber's name (dialogues, pendings, bindings) and settles the wallet by the rule of
 * the programme. Called after the commit, again after a failure or a crash until it resolves: must be idempotent by
 * `event.eventId`.
 */
export type OnClosed = (subscriberId: bigint, event: ClosingEvent) => Promise<void>;
