import { Refusal } from '../errors.ts';
import { OPERATOR, type Agreement } from '../partners/agreement.ts';
import { floorDiv, MICRO, microOf, type Rate } from '../partners/rate.ts';
import type { Effect, Movement } from './movement.ts';

/** `prepaid`: what was given out of points bought in advance is paid already. */
export type LineKind = Effect | 'prepaid' | 'correction';

/** One line of a statement, in millionths of a minor unit; positive when the partner pays, negative when it is paid. */
export interface Line {
  readonly party: number;
  readonly kind: LineKind;
  readonly issuer: number;
  readonly acceptor: number | null;
  readonly points: bigint;
  readonly rate: Rate;
  readonly amountMicro: bigint;
  readonly transfer: bigint | null;
  readonly reference: string | null;
  readonly occurredAt: Date | null;
  readonly postedAt: Date | null;
}

/** Agreements as settlement asks for them. */
export interface Terms {
  getAgreement(id: number): Agreement;
  /** What a point of the issuer is worth while it is out, by its latest agreement. @throws Refusal `agreement_missing` */
  reserveRateOf(issuer: number): Rate;
}

/**
 * What a movement costs or brings its party (bonus-core §3.8): the issuer pays the cost of the lots it gave, the
 * acceptor receives its burn rate, and a share of what lapsed goes back to its issuer, rounded down.
 *
 * @throws Refusal `agreement_missing` with `partner`: the party never had an agreement
 */
export function linesOf(movement: Movement, terms: Terms): Line[] {
  const { effect, party, points, costNum, costDen, ...rest } = movement;
  if (movement.agreement === null) throw new Refusal('agreement_missing', { partner: party });
  const agreement = terms.getAgreement(movement.agreement);
  const { issuer, acceptor, transfer, reference, occurredAt, postedAt } = rest;
  const line = (kind: LineKind, rate: Rate, amountMicro: bigint): Line => ({
    ...{ party, kind, issuer, acceptor, points, rate, amountMicro },
    ...{ transfer, reference, occurredAt, postedAt },
  });
  if (effect === 'burn') return [line('burn', agreement.burnRate, -microOf(points, agreement.burnRate))];
  if (effect === 'breakage') {
    const rate = terms.reserveRateOf(issuer);
    return [line('breakage', rate, -floorDiv(microOf(points, rate) * agreement.breakagePpm))];
  }
  // The operator's own lots carry no cost: what it earns its members is paid for by its agreement.
  const paid = issuer === OPERATOR || costNum === null || costDen === null;
  const rate = paid ? agreement.earnRate : { num: costNum, den: costDen };
  const issue = line('issue', rate, microOf(points, rate));
  const isPrepaid = agreement.model === 'prepaid_points';
  return isPrepaid ? [issue, { ...issue, kind: 'prepaid', amountMicro: -issue.amountMicro }] : [issue];
}

export interface Correction {
  readonly id: bigint;
  readonly partner: number;
  readonly about: string;
  readonly amountMinor: bigint;
}

export function lineOfCorrection({ partner, about, amountMinor }: Correction): Line {
  return {
    ...{ party: partner, kind: 'correction', issuer: partner, acceptor: null, points: 0n },
    ...{ rate: { num: 0n, den: 1n }, amountMicro: amountMinor * MICRO },
    ...{ transfer: null, reference: about, occurredAt: null, postedAt: null },
  };
}
