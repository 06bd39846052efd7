import {
  amount,
  id,
  instant,
  keyedKind,
  mutable,
  nullable,
  octets,
  text,
  whole,
  type OwnedKey,
} from './keyed.ts';

/** What a partner did with a member's points: who, under which agreement, by which name of the partner's own. */
export interface PartnerOperationRecord extends OwnedKey {
  readonly partner: number;
  /** `purchase`, `purchase_refund`, `hold`, `hold_refund`. */
  readonly kind: string;
  /** The partner's id of it; unique for partner and kind. */
  readonly reference: string;
  /** Of what was asked: another content under the same reference is an error. */
  readonly contentHash: Buffer;
  /** Of the request whose transfers belong to it. */
  readonly requestKey: Buffer;
  readonly agreement: number;
  /** Serial of what is refunded. */
  readonly subject: number | null;
  readonly points: bigint;
  /** Amount of the purchase or refund in minor units. */
  readonly minor: bigint | null;
  /** How much of the purchase was given back so far. */
  readonly refundedMinor: bigint;
  /** The transfer of the points: of a hold, once it is captured; null where no points moved. */
  readonly transfer: number | null;
  readonly occurredAt: number;
  readonly createdAt: number;
}

export const partnerOperationKind = keyedKind<PartnerOperationRecord>('partner_operation', {
  partner: whole,
  kind: text,
  reference: text,
  contentHash: octets,
  requestKey: octets,
  agreement: whole,
  subject: nullable(id),
  points: amount,
  minor: nullable(amount),
  refundedMinor: mutable(amount),
  transfer: mutable(nullable(id)),
  occurredAt: instant,
  createdAt: instant,
});
