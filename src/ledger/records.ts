import type { RefusalCode, RefusalDetail } from '../errors.ts';
import type { EarnCarry, LimitCounter } from './counters.ts';
import type { OwnedKey } from './kinds/keyed.ts';
import type { Lot } from './lots.ts';

/** The records a batch reads and writes, as plain immutable values. Times are milliseconds since 1970. */

export const ROLE = { wallet: 1, pool: 2 } as const;
export const ACCOUNT_STATUS = { active: 0, noDebit: 1, frozen: 2, closed: 3, suspended: 4 } as const;

export interface AccountRecord {
  readonly home: number;
  readonly id: number;
  readonly role: number;
  readonly status: number;
  /** Posted points: the lots plus what holds took out of them. For a pool: what is left of the ceiling. */
  readonly balance: bigint;
  readonly held: bigint;
  readonly debt: bigint;
  readonly tier: number;
  /** When it was opened, by the time of its owner's registration. */
  readonly openedAt: number;
  readonly version: number;
  readonly lots: readonly Lot[];
  readonly counters: readonly LimitCounter[];
  readonly carry: readonly EarnCarry[];
}

/** A stored answer: the operation's result, or the business refusal, for ever the same under one request key. */
export type Verdict =
  | { readonly kind: 'done'; readonly data: unknown }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly detail: RefusalDetail };

export interface RequestRecord {
  readonly home: number;
  /** 16 octets. */
  readonly key: Buffer;
  /** 16 octets over the canonical content: another content under the same key is an error. */
  readonly contentHash: Buffer;
  readonly trace: Buffer;
  readonly channel: number;
  readonly actor: string;
  readonly operation: string;
  readonly verdict: Verdict;
  readonly at: number;
}

/** Kinds of transfer; the number is stored. */
export const TRANSFER_KIND = {
  earn: 1,
  spend: 2,
  transfer: 3,
  capture: 4,
  reverse: 5,
  adjust: 6,
  expire: 7,
  debt: 8,
  fee: 9,
  buy: 10,
  pool: 11,
} as const;
export type TransferKind = keyof typeof TRANSFER_KIND;

export interface TransferRecord {
  readonly home: number;
  readonly id: number;
  readonly kind: number;
  readonly src: number;
  readonly dst: number;
  readonly amount: bigint;
  /** The lots this moved, in order: taken from src, or given to dst. */
  readonly slices: readonly Lot[];
  readonly requestHome: number;
  readonly requestKey: Buffer;
  readonly reason: string | null;
  readonly at: number;
}

export interface PostingRecord {
  readonly home: number;
  readonly account: number;
  readonly transferHome: number;
  readonly transfer: number;
  readonly delta: bigint;
  readonly balanceAfter: bigint;
}

export const HOLD_STATE = { active: 0, captured: 1, voided: 2, expired: 3 } as const;

export interface HoldRecord extends OwnedKey {
  readonly amount: bigint;
  readonly captured: bigint;
  readonly state: number;
  readonly slices: readonly Lot[];
  readonly expiresAt: number;
  readonly createdAt: number;
}

export const PENDING_STATE = { open: 0, executed: 1, cancelled: 2, refused: 3 } as const;

export interface PendingRecord {
  readonly home: number;
  /** 16 octets; also the request key of the confirmed operation. */
  readonly id: Buffer;
  readonly account: number;
  /** 16 octets; null where the dialogue itself confirms. */
  readonly codeHash: Buffer | null;
  /** What to execute, with its quote and versions, as JSON. */
  readonly command: string;
  readonly state: number;
  readonly attempts: number;
  readonly expiresAt: number;
}

export interface ReversalRecord {
  readonly home: number;
  readonly transfer: number;
  readonly reversed: bigint;
}

export const REDEMPTION_STATE = { held: 0, fulfilled: 2, cancelled: 3, compensated: 4 } as const;

export interface RedemptionRecord extends OwnedKey {
  readonly item: string;
  readonly priceList: number;
  readonly points: bigint;
  readonly state: number;
  /** Serial of the hold while it is being provisioned. */
  readonly hold: number | null;
  /** The transfer that took the points; null until then. */
  readonly transfer: number | null;
  readonly voucher: string | null;
  /** Serial of the benefit that it gave. */
  readonly benefit: number | null;
  /** Part of the stock that the piece came from. */
  readonly stockPart: number | null;
  /** Until when the member may give it back; null: not at all. */
  readonly cancelUntil: number | null;
  readonly createdAt: number;
}

export interface MoRecord {
  readonly home: number;
  /** 32 octets. */
  readonly fingerprint: Buffer;
  readonly firstAt: number;
  readonly receivedAt: number;
  readonly sessionId: string;
  /** Our answer may not have reached the SMSC: a redelivery within a day is the same request. */
  readonly inDoubt: boolean;
  readonly requestKey: Buffer;
}

/** Classes of notices by who may stop them; the number is stored. */
export const NOTICE_CLASS = { service: 0, legal: 1, marketing: 2 } as const;
export type NoticeClass = keyof typeof NOTICE_CLASS;

/** Something to tell the owner of a wallet, once: how and where is decided after the commit. */
export interface NoticeRecord {
  readonly home: number;
  readonly account: number;
  /** The business fact; the same fact is told once. */
  readonly fact: string;
  readonly template: string;
  readonly class: number;
  /** JSON of the template's variables; nothing that names a person. */
  readonly variables: string;
  readonly trace: Buffer;
  readonly createdAt: number;
  /** Not to be told before. */
  readonly dueAt: number;
}

export const OUTBOX_STATE = {
  open: 0,
  sent: 1,
  shown: 2,
  refused: 3,
  unknown: 4,
  withdrawn: 5,
  expired: 6,
} as const;
export const OUTBOX_PRIORITY = { reply: 0, service: 1, campaign: 2 } as const;

export interface OutboxRecord {
  readonly home: number;
  readonly id: number;
  readonly subscriber: number | null;
  readonly priority: number;
  readonly smsc: string | null;
  readonly source: string;
  readonly destination: string;
  readonly body: string;
  readonly receipt: boolean;
  readonly trace: Buffer;
  readonly createdAt: number;
  /** Not to be sent before: a money result on USSD or IVR is shown in the dialogue first. */
  readonly dueAt: number;
}

export interface LeasedOutbox extends OutboxRecord {
  /** The daemon that committed it holds the first lease and hands it over in memory. */
  readonly leaseOwner: number;
  readonly leaseUntil: number;
}
