import type { AccountKey } from './keys.ts';
import type { KeyedKind, OwnedKey } from './kinds/keyed.ts';
import type { LotClass } from './lot-classes.ts';
import type {
  AccountRecord,
  HoldRecord,
  LeasedOutbox,
  MoRecord,
  NoticeRecord,
  OutboxRecord,
  PendingRecord,
  RequestRecord,
  ReversalRecord,
  TransferRecord,
  Verdict,
} from './records.ts';

/**
 * One shape for everything that changes the ledger: `{ request, keys, decide }`.
 *
 * The poster loads what `keys` name under the accounts' locks, calls the pure `decide` in arrival order on the
 * evolving state, and commits all changes of a batch together. A feature adds a record kind or a decide function,
 * never a second way to commit.
 */
export interface Operation {
  readonly request: RequestIdentity;
  readonly keys: OperationKeys;
  /** Pure: the same view and time give the same decision. Throws Refusal for a business "no". */
  decide(view: View): Decision;
}

/** Who asked for what, once. `key` names the attempt, `contentHash` its content. */
export interface RequestIdentity {
  readonly home: number;
  readonly key: Buffer;
  readonly contentHash: Buffer;
  readonly trace: Buffer;
  readonly channel: number;
  readonly actor: string;
  /** Verb for people who read the journal: `transfer`, `earn`. */
  readonly operation: string;
  /** When the client made the key, where it tells: too old a key is refused, for its row may be gone (ADR 9). */
  readonly keyTime?: number;
  /** The key was drawn at random for this attempt: there is no use in looking whether it was seen before. */
  readonly fresh?: boolean;
  /** A redelivered MO of this fingerprint is the same request (ADR 1). */
  readonly mo?: MoIdentity;
  /** Message to the subscriber that commits with the decision. */
  readonly reply?: (verdict: Verdict, now: number) => OutboxDraft | undefined;
}

export interface MoIdentity {
  readonly home: number;
  readonly fingerprint: Buffer;
  readonly receivedAt: number;
  readonly sessionId: string;
}

export type OutboxDraft = Omit<OutboxRecord, 'home' | 'id' | 'createdAt' | 'trace'>;

/** A message to somebody else than who asked. It belongs to its subscriber, so it lies in that one's home. */
export interface Notice extends Omit<OutboxDraft, 'dueAt'> {
  readonly subscriber: number;
}

/** A notice as a decision makes it; see `src/notify/notice.ts`. Due at once unless `dueAt` says later. */
export type NoticeDraft = Omit<NoticeRecord, 'home' | 'createdAt' | 'trace' | 'dueAt'> & {
  readonly dueAt?: number;
};

export interface OperationKeys {
  readonly accounts: readonly AccountKey[];
  readonly holds?: readonly HoldKey[];
  readonly pendings?: readonly PendingKey[];
  readonly reversals?: readonly ReversalKey[];
  readonly records?: readonly RecordRead[];
}

export type HoldKey = OwnedKey;

/** One record of a keyed kind to load. Made by {@link toRead}. */
export interface RecordRead {
  readonly kind: AnyKind;
  readonly key: OwnedKey;
}

/** One record of a keyed kind to write, new or changed. Made by {@link toWrite}. */
export interface RecordWrite {
  readonly kind: AnyKind;
  readonly row: OwnedKey;
}

/** Kinds of different rows in one list; the pairing with their rows is checked where a pair is made. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyKind = KeyedKind<any>;

export function toRead<Row extends OwnedKey>(kind: KeyedKind<Row>, key: OwnedKey): RecordRead {
  return { kind, key };
}

export function toWrite<Row extends OwnedKey>(kind: KeyedKind<Row>, row: Row): RecordWrite {
  return { kind, row };
}

export interface PendingKey {
  readonly home: number;
  readonly id: Buffer;
}

export interface ReversalKey {
  readonly home: number;
  readonly transfer: number;
}

/** The state as earlier operations of the batch left it. `find*` of a key that was not named is a bug. */
export interface View {
  /** Database time of the batch, moved by the demo clock, in milliseconds. */
  readonly now: number;
  readonly request: RequestIdentity;
  /** A fresh serial for transfers, holds and messages; never reused. */
  serial(): number;
  classOf(id: number): LotClass;
  /** @throws Refusal `account_unknown` */
  account(id: number): AccountRecord;
  findHold(key: HoldKey): HoldRecord | undefined;
  findPending(key: PendingKey): PendingRecord | undefined;
  reversedOf(key: ReversalKey): bigint;
  /** A record of a keyed kind that was named in `keys.records`, or written earlier in the batch. */
  find<Row extends OwnedKey>(kind: KeyedKind<Row>, key: OwnedKey): Row | undefined;
}

/** What a decision changes. Transfers bring their own postings; accounts are whole new values. */
export interface Decision {
  readonly data: unknown;
  readonly accounts?: readonly AccountRecord[];
  readonly transfers?: readonly TransferRecord[];
  readonly holds?: readonly HoldRecord[];
  readonly pendings?: readonly PendingRecord[];
  readonly reversals?: readonly ReversalRecord[];
  /** Redemptions, benefits, awards, approvals, sagas: each under the lock of its account. */
  readonly records?: readonly RecordWrite[];
  /** What others are told of it; committed with it when it is done, not when it is refused. */
  readonly notices?: readonly Notice[];

  /**
   * What the owners of wallets are to be told, in the same commit. A wallet with a notice here gets none of those that
   * movements of points bring by themselves.
   */
  readonly facts?: readonly NoticeDraft[];
  /** A refusal that still changes something (a wrong code counts an attempt). */
  readonly refused?: Verdict & { kind: 'refused' };
}

/** What `post` answers. `duplicate`: a redelivered MO; its reply is already on its way. */
export type Posted =
  | {
      readonly kind: 'posted';
      readonly verdict: Verdict;
      readonly replayed: boolean;
      /** The answer to who asked. */
      readonly outbox?: LeasedOutbox;
      /** Messages to others. */
      readonly notices?: readonly LeasedOutbox[];
    }
  | { readonly kind: 'duplicate' };

export type { MoRecord, RequestRecord };
