import { EARNED, type LotClassTraits } from '../ledger/lot-classes.ts';
import type { Instant } from '../values/instant.ts';
import type { Rate } from './rate.ts';

/** The operator's own number among the partners: it issues and accepts points like the others. */
export const OPERATOR = 0;

export interface Partner {
  readonly id: number;
  /** Short and for ever, as in paths and reports: `books`. */
  readonly code: string;
  readonly name: string;
  /** A blocked partner's requests are refused; what it did is still settled. */
  readonly blocked: boolean;
}

/** How points are paid for: in advance, against a balance of points, or with the statement. */
export const AGREEMENT_MODELS = ['prepaid_points', 'postpaid'] as const;

export interface AgreementTerms {
  readonly model: (typeof AGREEMENT_MODELS)[number];
  /** What the partner pays for each point it gives. */
  readonly earnRate: Rate;
  /** What the partner receives for each point it accepts; also what its points are worth while they are out. */
  readonly burnRate: Rate;
  /** One point for each of these minor units of a purchase. */
  readonly minorPerPoint: bigint;
  /** Points that a postpaid partner may give under this agreement. */
  readonly cap: bigint | undefined;
  /** How late a purchase may be reported. */
  readonly maxBackdateDays: number;
  /** Share of lapsed points that the issuer is paid back, in ppm: 1000000 issuer, 0 pool. */
  readonly breakagePpm: bigint;
  /** How long points live again that a refund by the partner's fault brings back after they had lapsed. */
  readonly graceDays: number;
  readonly vatCode: string;
  readonly validFrom: Instant;
  readonly validTo: Instant | undefined;
}

/** As published: never changed but for its end. */
export interface Agreement extends AgreementTerms {
  readonly id: number;
  readonly partner: number;
  /** As the contract is called; unique for the partner. */
  readonly reference: string;
}

/** The agreement in force at that moment; intervals are half-open. */
export function findAgreementAt(agreements: readonly Agreement[], at: number): Agreement | undefined {
  return agreements.find(
    ({ validFrom, validTo }) => validFrom <= at && (validTo === undefined || at < validTo),
  );
}

/** What points given under an agreement have in common: whose they are and what was paid for them. */
export function classUnder({ partner, earnRate }: Pick<Agreement, 'partner' | 'earnRate'>): LotClassTraits {
  return { ...EARNED, issuer: partner, costNum: earnRate.num, costDen: earnRate.den };
}
