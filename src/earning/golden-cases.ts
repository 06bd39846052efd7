import { planAwards } from './plan.ts';
import { emptyValue, type RuleInputs } from '../rules/value.ts';
import type { DocumentProblem, RuleSet } from './rule-set.ts';
import type { RuleDocument, RuleDraft, RuleExample } from './rule-document.ts';
import type { ParameterDefinition } from './parameter.ts';
import { variablesOf } from './variables.ts';

/**
 * Runs every golden case of a document: each rule by itself, on an account without carry and with all of its caps
 * free. Variables that a case does not name are zero, false or empty, parameters included.
 */
export function goldenProblems(
  document: RuleDocument,
  set: RuleSet,
  definitions: readonly ParameterDefinition[],
): DocumentProblem[] {
  return document.rules.flatMap((draft, index) =>
    draft.examples.flatMap((example, at) => {
      const reason = differenceOf(draft, example, set, definitions);
      const path = `rules[${String(index)}].examples[${String(at)}]`;
      return reason === undefined ? [] : [{ path, line: 1, column: 1, reason }];
    }),
  );
}

function differenceOf(
  draft: RuleDraft,
  example: RuleExample,
  set: RuleSet,
  definitions: readonly ParameterDefinition[],
): string | undefined {
  const rule = set.byType.get(draft.on)!.find(({ code }) => code === draft.code)!;
  const variables = variablesOf(draft.on, definitions);
  const empty = Object.fromEntries(Object.entries(variables).map(([name, type]) => [name, emptyValue(type)]));
  const inputs: RuleInputs = { ...empty, zone: 'UTC', ...example.given };
  const at = Number(inputs['occurred_at'] ?? inputs['as_of']);
  const { tier, awarded, ...rest } = inputs;
  const plan = planAwards(
    {
      rules: [rule],
      inputs: rest,
      // A case that names no time is about any time at which the rule is valid.
      occurredAt: at === 0 && Number.isFinite(rule.from) ? rule.from : at,
      now: at,
      zone: 'UTC',
      admits: () => true,
      awardedBefore: awarded as bigint,
    },
    { tier: Number(tier), counters: [], carry: [] },
  );
  if (plan.points === example.points) return undefined;
  const { outcome, detail } = plan.outcomes[0]!;
  const why = detail === undefined ? outcome : `${outcome}: ${detail}`;
  return `expected ${String(example.points)} points, but it gives ${String(plan.points)} (${why})`;
}
