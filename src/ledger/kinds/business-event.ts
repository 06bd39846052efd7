import { amount, instant, keyedKind, text, whole, type OwnedKey } from './keyed.ts';

/**
 * A fact that a shop, billing or the gateway itself reported, as earning rules saw it. Append-only; it names its
 * member by account only, so that rules can be replayed on the past of people who have been forgotten since.
 */
export interface BusinessEventRecord extends OwnedKey {
  readonly type: string;
  /** Minor units of `currency`; 0 with an empty currency where no money was involved. */
  readonly minor: bigint;
  readonly currency: string;
  readonly occurredAt: number;
  readonly partner: string;
  /** JSON list of texts. */
  readonly labels: string;
  readonly tier: number;
  /** Version of the rule set that was in force; 0 is the configuration's own. */
  readonly version: number;
  /** What it earned in all. */
  readonly points: bigint;
  readonly recordedAt: number;
}

export const businessEventKind = keyedKind<BusinessEventRecord>('business_event', {
  type: text,
  minor: amount,
  currency: text,
  occurredAt: instant,
  partner: text,
  labels: text,
  tier: whole,
  version: whole,
  points: amount,
  recordedAt: instant,
});

/** What one assessment run found for one member; its serial is the number of the run. */
export interface AssessmentResultRecord extends OwnedKey {
  readonly version: number;
  /** The values the rules looked at, as JSON. */
  readonly inputs: string;
  /** What each rule came to, as JSON. */
  readonly outcomes: string;
  readonly points: bigint;
  readonly createdAt: number;
}

export const assessmentResultKind = keyedKind<AssessmentResultRecord>('assessment_result', {
  version: whole,
  inputs: text,
  outcomes: text,
  points: amount,
  createdAt: instant,
});
