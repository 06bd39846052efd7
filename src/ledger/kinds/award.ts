import { amount, id, instant, keyedKind, mutable, nullable, text, whole, type OwnedKey } from './keyed.ts';

/** Why points were given: the rule that gave them, its version and what it looked at. */
export interface AwardRecord extends OwnedKey {
  /** What decided: `rule`, `assessment`, `scenario`, `campaign`, `partner`. */
  readonly source: string;
  /** The rule, scenario or run within that source, as staff know it. */
  readonly reference: string;
  /** Version of the rule set or scenario. */
  readonly version: number;
  /** The values it was decided from, as JSON, without anything that names a person. */
  readonly inputs: string;
  readonly points: bigint;
  /** The transfer that gave the points; null when they all paid off a debt. */
  readonly transfer: number | null;
  /** Points of it taken back by a cancellation so far. */
  readonly cancelled: bigint;
  readonly createdAt: number;
}

export const awardKind = keyedKind<AwardRecord>('award', {
  source: text,
  reference: text,
  version: whole,
  inputs: text,
  points: amount,
  transfer: nullable(id),
  cancelled: mutable(amount),
  createdAt: instant,
});
