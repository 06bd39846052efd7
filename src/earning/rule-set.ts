import { createBreaker, type Breaker } from '../rules/breaker.ts';
import { createCompiler, type CompiledRule, type RuleCompiler } from '../rules/compile.ts';
import { problemText, type RuleProblem } from '../rules/problem.ts';
import { isValueOf, type RuleInputs, type Variables } from '../rules/value.ts';
import type { ParameterDefinition } from './parameter.ts';
import type { RuleDocument, RuleDraft } from './rule-document.ts';
import { variablesOf } from './variables.ts';

/** Ceiling of what an account may earn by one rule in one window of posting time. */
export interface EarningCap {
  readonly policy: number;
  readonly window: 'day' | 'month';
  readonly amount: bigint;
}

/** One compiled rule of a version. */
export interface EarningRule {
  readonly code: string;
  readonly on: string;
  readonly priority: number;
  readonly group: string | undefined;
  /** `[from, to)` of the event's own time, in milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly when: CompiledRule | undefined;
  readonly gives: Giving;
  readonly caps: readonly EarningCap[];
  /** Stands in for parameters that were never told of a member. */
  readonly defaults: RuleInputs;
  /** Everything that decides it. */
  readonly reads: readonly string[];
  readonly cost: number;
  readonly breaker: Breaker;
}

export type Giving =
  | { readonly kind: 'points'; readonly formula: CompiledRule }
  | {
      readonly kind: 'rate';
      readonly currency: string;
      readonly minorPerPoint: bigint;
      /** Number under which the account keeps what is left below one point; undefined drops it. */
      readonly carry: number | undefined;
    };

/** The rules of one version, in the order in which they are tried. */
export interface RuleSet {
  readonly version: number;
  readonly byType: ReadonlyMap<string, readonly EarningRule[]>;
  /** Parameters that some rule of a type reads. */
  readonly parametersOf: ReadonlyMap<string, readonly string[]>;
}

/** A problem with the path of the rule it is in: `rules[2].when, line 1, column 8: ...`. */
export type DocumentProblem = RuleProblem & { readonly path: string };

export function documentProblemText(problem: DocumentProblem): string {
  return `${problem.path}, ${problemText(problem)}`;
}

export type CompiledSet =
  | { readonly kind: 'compiled'; readonly set: RuleSet }
  | { readonly kind: 'refused'; readonly problems: readonly DocumentProblem[] };

/** All rules of one type together: one event may cost no more steps. */
export const COST_MAX = 50_000;

/** Numbers of rule sets begin above those of the configuration's own rates (see {@link builtinRules}). */
const CARRY_BASE = 60_000;
const POLICY_BASE = 61_000;

/** Compiles a document once; `numbers` are the permanent numbers of its rules by code. */
export function compileRuleSet(
  document: RuleDocument,
  version: number,
  definitions: readonly ParameterDefinition[],
  numbers: ReadonlyMap<string, number>,
): CompiledSet {
  const compilers = new Map<string, { compiler: RuleCompiler; variables: Variables }>();
  const problems: DocumentProblem[] = [];
  const rules = document.rules.flatMap((draft, index) => {
    const variables = variablesOf(draft.on, definitions);
    const made = compilers.get(draft.on) ?? { compiler: createCompiler(variables), variables };
    compilers.set(draft.on, made);
    const found = compileRule(draft, made, numbers.get(draft.code) ?? 0);
    problems.push(...found.problems.map((one) => ({ ...one, path: `rules[${String(index)}].${one.path}` })));
    return found.rule === undefined ? [] : [found.rule];
  });
  problems.push(...costProblems(rules));
  if (problems.length > 0) return { kind: 'refused', problems };
  return { kind: 'compiled', set: ruleSetOf(version, rules, definitions) };
}

export function ruleSetOf(
  version: number,
  rules: readonly EarningRule[],
  definitions: readonly ParameterDefinition[],
): RuleSet {
  const byType = new Map<string, EarningRule[]>();
  // Equal priorities keep the order of the document; sort is stable.
  for (const rule of [...rules].sort((a, b) => a.priority - b.priority)) {
    byType.set(rule.on, [...(byType.get(rule.on) ?? []), rule]);
  }
  const codes = new Set(definitions.map(({ code }) => code));
  const parametersOf = new Map(
    [...byType].map(([type, of]) => [
      type,
      [...new Set(of.flatMap(({ reads }) => reads))].filter((name) => codes.has(name)),
    ]),
  );
  return { version, byType, parametersOf };
}

interface Found {
  readonly rule: EarningRule | undefined;
  readonly problems: readonly DocumentProblem[];
}

function compileRule(
  draft: RuleDraft,
  { compiler, variables }: { compiler: RuleCompiler; variables: Variables },
  number: number,
): Found {
  const problems: DocumentProblem[] = [];
  const compiled = (path: 'when' | 'points', type: 'bool' | 'int'): CompiledRule | undefined => {
    const source = draft[path];
    if (source === undefined) return undefined;
    const result = compiler.compile(source, type);
    if (result.kind === 'compiled') return result.rule;
    problems.push(...result.problems.map((one) => ({ ...one, path })));
    return undefined;
  };
  const when = compiled('when', 'bool');
  const formula = compiled('points', 'int');
  problems.push(...valueProblems(draft, variables));
  const gives = givingOf(draft, formula, number);
  if (gives === undefined || problems.length > 0) return { rule: undefined, problems };
  return { problems, rule: ruleOf(draft, when, gives, number) };
}

function givingOf(draft: RuleDraft, formula: CompiledRule | undefined, number: number): Giving | undefined {
  if (draft.rate === undefined) return formula && { kind: 'points', formula };
  const { currency, minorPerPoint, carry } = draft.rate;
  return { kind: 'rate', currency, minorPerPoint, carry: carry ? CARRY_BASE + number : undefined };
}

function ruleOf(
  draft: RuleDraft,
  when: CompiledRule | undefined,
  gives: Giving,
  number: number,
): EarningRule {
  const { code, on, priority, group, valid, caps, defaults } = draft;
  const parts = [when, gives.kind === 'points' ? gives.formula : undefined].filter(
    (part) => part !== undefined,
  );
  const money = gives.kind === 'rate' ? ['amount', 'currency'] : [];
  return {
    code,
    on,
    priority,
    group,
    from: valid.from ?? Number.NEGATIVE_INFINITY,
    to: valid.to ?? Number.POSITIVE_INFINITY,
    when,
    gives,
    caps: [
      ...(caps.day === undefined ? [] : [capOf('day', POLICY_BASE + 2 * number - 1, caps.day)]),
      ...(caps.month === undefined ? [] : [capOf('month', POLICY_BASE + 2 * number, caps.month)]),
    ],
    defaults,
    reads: [...new Set([...parts.flatMap(({ reads }) => reads), ...money])].sort(),
    cost: parts.reduce((sum, { cost }) => sum + cost, 1),
    breaker: createBreaker(),
  };
}

function capOf(window: EarningCap['window'], policy: number, amount: bigint): EarningCap {
  return { policy, window, amount };
}

/** Defaults and golden cases name variables that exist, with values of their types. */
function valueProblems(draft: RuleDraft, variables: Variables): DocumentProblem[] {
  const check = (path: string, values: RuleInputs): DocumentProblem[] =>
    Object.entries(values).flatMap(([name, value]) => {
      const type = Object.hasOwn(variables, name) ? variables[name] : undefined;
      if (type !== undefined && isValueOf(type, value)) return [];
      const reason = type === undefined ? `there is no variable ${name}` : `${name} is no ${type}`;
      return [{ path, line: 1, column: 1, reason }];
    });
  return [
    ...check('defaults', draft.defaults),
    ...draft.examples.flatMap(({ given }, index) => check(`examples[${String(index)}].given`, given)),
  ];
}

function costProblems(rules: readonly EarningRule[]): DocumentProblem[] {
  const costs = new Map<string, number>();
  for (const { on, cost } of rules) costs.set(on, (costs.get(on) ?? 0) + cost);
  return [...costs]
    .filter(([, cost]) => cost > COST_MAX)
    .map(([type, cost]) => ({
      path: 'rules',
      line: 1,
      column: 1,
      reason: `the rules for ${type} may take ${String(cost)} steps, at most ${String(COST_MAX)} are allowed`,
    }));
}
