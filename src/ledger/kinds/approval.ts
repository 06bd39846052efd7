import { instant, keyedKind, mutable, nullable, octets, small, text, type OwnedKey } from './keyed.ts';

export const APPROVAL_STATE = { pending: 0, executed: 1, rejected: 2, expired: 3 } as const;

/** A command of staff that waits for a second pair of eyes, bound to exactly what was asked (bonus-core §3.1). */
export interface ApprovalRecord extends OwnedKey {
  readonly command: string;
  /** What will be carried out, as JSON. */
  readonly payload: string;
  /** SHA-256 of the payload; compared when it is carried out. */
  readonly payloadHash: Buffer;
  readonly reason: string;
  readonly maker: string;
  readonly checker: string | null;
  readonly state: number;
  readonly expiresAt: number;
  readonly createdAt: number;
}

export const approvalKind = keyedKind<ApprovalRecord>('approval', {
  command: text,
  payload: text,
  payloadHash: octets,
  reason: text,
  maker: text,
  checker: mutable(nullable(text)),
  state: mutable(small),
  expiresAt: instant,
  createdAt: instant,
});
