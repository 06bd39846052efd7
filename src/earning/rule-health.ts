import type { RuleHealth } from '../rules/breaker.ts';
import type { Logger } from '../runtime/log.ts';
import { ruleFailures, ruleRests } from './metrics.ts';
import type { Plan } from './plan.ts';
import type { EarningRule, RuleSet } from './rule-set.ts';

/** Rules that were not evaluated at all say nothing about their health. */
const NOT_EVALUATED: readonly string[] = [
  'resting',
  'not_valid_then',
  'parameter_missing',
  'group_taken',
  'other_currency',
];

/** Books what a plan that was carried out says of its rules; a rule that fails stops itself, visibly. */
export function noteOutcomes(
  rules: readonly EarningRule[],
  plan: Plan,
  { version }: RuleSet,
  now: number,
  log: Logger,
): void {
  plan.outcomes.forEach(({ outcome, detail }, index) => {
    if (NOT_EVALUATED.includes(outcome)) return;
    const { code, cost, breaker } = rules[index]!;
    if (outcome !== 'failed') return breaker.succeeded(cost);
    ruleFailures.inc({ rule: code });
    log.error({ rule: code, version, reason: detail }, 'earning rule failed');
    if (!breaker.failed(cost, detail ?? '', now)) return;
    ruleRests.inc({ rule: code });
    log.error({ rule: code, version }, 'earning rule rests for a minute');
  });
}

export interface ShownHealth extends RuleHealth {
  readonly rule: string;
  readonly on: string;
}

export function healthOf(set: RuleSet, now: number): ShownHealth[] {
  return [...set.byType].flatMap(([on, rules]) =>
    rules.map(({ code, breaker }) => ({ rule: code, on, ...breaker.health(now) })),
  );
}
