import { monthsBetween, daysBetween } from '../rules/local-time.ts';
import type { RuleInputs, RuleValue, Variables } from '../rules/value.ts';
import type { ParameterDefinition } from './parameter.ts';

/** The type under which rules of the scheduled assessment are written. */
export const ASSESSMENT = 'assessment';

/** What every rule knows of a member; longevity is computed from the day of registration. */
const MEMBER = {
  tenure_days: 'int',
  tenure_months: 'int',
  tier: 'int',
  zone: 'string',
  language: 'string',
  awarded: 'int',
} as const satisfies Variables;

const EVENT = {
  amount: 'int',
  currency: 'string',
  occurred_at: 'int',
  partner: 'string',
  labels: 'strings',
} as const satisfies Variables;

const ASSESSED = { as_of: 'int' } as const satisfies Variables;

/** Names that no parameter may take: longevity is a parameter that is computed. */
export const RESERVED: readonly string[] = Object.keys({ ...MEMBER, ...EVENT, ...ASSESSED });

/** Variables of the rules for one type of event, or for the assessment; parameters carry their own codes. */
export function variablesOf(on: string, definitions: readonly ParameterDefinition[]): Variables {
  const parameters = Object.fromEntries(definitions.map(({ code, type }) => [code, type]));
  return { ...parameters, ...MEMBER, ...(on === ASSESSMENT ? ASSESSED : EVENT) };
}

export interface MemberFacts {
  readonly registeredAt: number;
  readonly language: string;
  /** The programme's zone: months of tenure and days of caps are counted in it. */
  readonly zone: string;
  /** Parameters as of the event, by code; absent ones were never told. */
  readonly parameters: RuleInputs;
}

export interface EventFacts {
  readonly type: string;
  readonly minor: bigint;
  /** Empty where no money was involved. */
  readonly currency: string;
  readonly occurredAt: number;
  readonly partner: string;
  readonly labels: readonly string[];
}

function memberInputs(member: MemberFacts, at: number): Record<string, RuleValue> {
  const [from, to] = [BigInt(member.registeredAt), BigInt(at)];
  return {
    ...member.parameters,
    tenure_days: daysBetween(from, to, member.zone),
    tenure_months: monthsBetween(from, to, member.zone),
    zone: member.zone,
    language: member.language,
  };
}

/** Everything but `tier` and `awarded`, which are known under the lock only. */
export function eventInputs(event: EventFacts, member: MemberFacts): RuleInputs {
  return {
    ...memberInputs(member, event.occurredAt),
    amount: event.minor,
    currency: event.currency,
    occurred_at: BigInt(event.occurredAt),
    partner: event.partner,
    labels: event.labels,
  };
}

export function assessmentInputs(asOf: number, member: MemberFacts): RuleInputs {
  return { ...memberInputs(member, asOf), as_of: BigInt(asOf) };
}
