import { compileRuleSet, documentProblemText, type RuleSet } from '../../src/earning/rule-set.ts';
import { ruleDocument, type RuleDocument } from '../../src/earning/rule-document.ts';
import type { ParameterDefinition } from '../../src/earning/parameter.ts';

/** Parameters that the tests' rules read. */
export const DEFINITIONS: readonly ParameterDefinition[] = [
  { code: 'late_payments', type: 'int', unit: 'payments', source: 'billing', description: '' },
  { code: 'average_spend', type: 'int', unit: 'minor', source: 'billing', description: '' },
  { code: 'monthly_spend', type: 'int', unit: 'minor', source: 'billing', description: '' },
  { code: 'vip', type: 'bool', unit: '', source: 'crm', description: '' },
];

/** A rule without golden cases of its own: tests state what they expect themselves. */
export function documentOf(...rules: readonly object[]): RuleDocument {
  return ruleDocument.parse({ rules: rules.map((rule) => ({ examples: [{ points: 0 }], ...rule })) });
}

export function rulesOf(...rules: readonly object[]): RuleSet {
  const document = documentOf(...rules);
  const numbers = new Map(document.rules.map(({ code }, index) => [code, index + 1]));
  const compiled = compileRuleSet(document, 7, DEFINITIONS, numbers);
  if (compiled.kind === 'refused') throw new Error(compiled.problems.map(documentProblemText).join('\n'));
  return compiled.set;
}

/** The rules of worked example 3.4.7, in its order. */
export const ASSESSMENT_RULES = [
  { code: 'tenure', on: 'assessment', priority: 1, points: 'min(tenure_months / 12 * 50, 500)' },
  {
    code: 'spend',
    on: 'assessment',
    priority: 2,
    when: 'average_spend >= 50000',
    points: 'monthly_spend * 5 / 100 / 100',
  },
  {
    code: 'discipline',
    on: 'assessment',
    priority: 3,
    when: 'late_payments == 0',
    points: 'share_ppm(awarded, 200000)',
  },
];
