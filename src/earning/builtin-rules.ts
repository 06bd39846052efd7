import type { EarningRate } from '../bonus/programme.ts';
import { createBreaker } from '../rules/breaker.ts';
import { ruleSetOf, type EarningRule, type RuleSet } from './rule-set.ts';

/** The version number of the configuration's own rates: in force until a version is published. */
export const BUILTIN_VERSION = 0;

const DAILY_POLICY_BASE = 1_000;

/** The rates of `programme.earning` as a rule set; each keeps its carry and daily cap under its own number. */
export function builtinRules(rates: readonly EarningRate[]): RuleSet {
  return ruleSetOf(BUILTIN_VERSION, rates.map(ruleOf), []);
}

function ruleOf({ rule, event, currency, minorPerPoint, dailyCap }: EarningRate): EarningRule {
  return {
    code: `rate_${String(rule)}`,
    on: event,
    priority: rule,
    group: undefined,
    from: Number.NEGATIVE_INFINITY,
    to: Number.POSITIVE_INFINITY,
    when: undefined,
    gives: { kind: 'rate', currency, minorPerPoint, carry: rule },
    caps:
      dailyCap === undefined ? [] : [{ policy: DAILY_POLICY_BASE + rule, window: 'day', amount: dailyCap }],
    defaults: {},
    reads: ['amount', 'currency'],
    cost: 1,
    breaker: createBreaker(),
  };
}
