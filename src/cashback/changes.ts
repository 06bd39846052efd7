/** How an ICAP client names a subscriber: IPv4 address, IPv6 prefix of 64 bits, or login. */
export const BINDING_KINDS = ['v4', 'v6', 'login'] as const;
export type BindingKind = (typeof BINDING_KINDS)[number];

export type Answer = 'accepted' | 'declined';

/**
 * One fact that changes a redirect decision, as stored in the change feed and sent to the ICAP workers. Each one
 * states the new value, so applying a change twice is harmless. Subscribers are ids as numbers (safe integers).
 */
export type CashbackChange =
  | { readonly kind: 'answer'; readonly subscriber: number; readonly answer: Answer }
  | { readonly kind: 'shown'; readonly subscriber: number; readonly atS: number }
  | { readonly kind: 'audience'; readonly subscriber: number; readonly member: boolean }
  | {
      readonly kind: 'binding';
      readonly of: BindingKind;
      readonly key: string;
      /** 0: nobody any more. */
      readonly subscriber: number;
      readonly validToS: number;
    }
  /** `merchant` 0: the host is no partner any more. */
  | { readonly kind: 'host'; readonly host: string; readonly merchant: number };

/** A binding without an end. */
export const FOREVER_S = 0xffff_ffff;

export const MEMBER = 1;
export const ACCEPTED = 2;
export const DECLINED = 4;

/** A page of the snapshot in columns: cheap to send to another process, cheap to load. */
export type SnapshotChunk =
  | {
      readonly table: 'subscribers';
      readonly ids: Float64Array;
      /** {@link MEMBER}, {@link ACCEPTED}, {@link DECLINED} added up. */
      readonly flags: Uint8Array;
      /** When an offer was last shown, seconds since 1970; 0: never. */
      readonly shownAtS: Uint32Array;
    }
  | {
      readonly table: BindingKind;
      readonly keys: readonly string[];
      readonly subscribers: Float64Array;
      readonly validToS: Uint32Array;
    }
  | { readonly table: 'hosts'; readonly hosts: readonly string[]; readonly merchants: Float64Array };

/** An offer shown to a subscriber: the audit record of one redirect. */
export interface ShownRecord {
  readonly subscriber: number;
  readonly merchant: number;
  readonly host: string;
  /** Nonce of the return URL, hex: ties the redirect to the answer. */
  readonly nonce: string;
  readonly atS: number;
}
