import { amount, instant, keyedKind, mutable, nullable, small, text, whole, type OwnedKey } from './keyed.ts';

export const BENEFIT_STATE = { active: 0, exhausted: 1, expired: 2, revoked: 3 } as const;

/** What a redemption, campaign or scenario gave for the price of services (bonus-core §3.1, §3.5). */
export interface BenefitRecord extends OwnedKey {
  /** `redemption`, `campaign` or `scenario`. */
  readonly source: string;
  readonly reference: string;
  /** `one_time`, `periodic` or `usage`. */
  readonly scope: string;
  /** Services it applies to, as the tariff names them. */
  readonly service: string;
  /** `factor_ppm`, `fixed_minor` or `units`. */
  readonly effect: string;
  /** The factor in millionths, the discount in minor units, or the free units left at the beginning. */
  readonly value: bigint;
  readonly validFrom: number;
  readonly validTo: number | null;
  /** Uses, periods or units left; null: as often as it is valid. */
  readonly usesLeft: bigint | null;
  /** Of one group only the best applies; groups multiply. */
  readonly stackGroup: string;
  readonly priority: number;
  readonly state: number;
  readonly createdAt: number;
}

export const benefitKind = keyedKind<BenefitRecord>('benefit', {
  source: text,
  reference: text,
  scope: text,
  service: text,
  effect: text,
  value: amount,
  validFrom: instant,
  validTo: mutable(nullable(instant)),
  usesLeft: mutable(nullable(amount)),
  stackGroup: text,
  priority: whole,
  state: mutable(small),
  createdAt: instant,
});
