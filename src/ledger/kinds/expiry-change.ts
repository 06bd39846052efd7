import { amount, instant, keyedKind, text, type OwnedKey } from './keyed.ts';

/** Points of one lot live longer than they were promised to (bonus-core §3.1, `lot_expiry_change`). */
export interface ExpiryChangeRecord extends OwnedKey {
  readonly oldAt: number;
  readonly newAt: number;
  readonly points: bigint;
  readonly reason: string;
  readonly actor: string;
  readonly createdAt: number;
}

export const expiryChangeKind = keyedKind<ExpiryChangeRecord>('expiry_change', {
  oldAt: instant,
  newAt: instant,
  points: amount,
  reason: text,
  actor: text,
  createdAt: instant,
});
