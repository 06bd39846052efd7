import { createHash } from 'node:crypto';
import { Environment, serialize, type ParseResult } from '@marcbachmann/cel-js';
import { HELPERS } from './helpers.ts';
import { walkRule } from './policy.ts';
import { problemAt, RuleFailure, type RuleProblem } from './problem.ts';
import type { RuleInputs, ValueType, Variables } from './value.ts';

/** A checked rule, compiled once for its version. */
export interface CompiledRule {
  readonly source: string;
  /** SHA-256 of the rule in canonical form, hex: spaces and line breaks do not count. */
  readonly hash: string;
  /** The variables it reads; nothing else decides it. */
  readonly reads: readonly string[];
  /** Most steps one evaluation can take. */
  readonly cost: number;
  /** @throws RuleFailure when the values lead to no result (overflow, division by zero) */
  evaluate(inputs: RuleInputs): bigint | boolean | string;
}

export type Compiled =
  | { readonly kind: 'compiled'; readonly rule: CompiledRule }
  | { readonly kind: 'refused'; readonly problems: readonly RuleProblem[] };

/** Compiles rules of one slot, that is, over one set of variables. */
export interface RuleCompiler {
  compile(source: string, result: Exclude<ValueType, 'strings'>): Compiled;
}

/** Longest source of one expression. */
const SOURCE_MAX = 4_000;
/** The engine's own limits only keep the walk itself short; {@link walkRule} tells what is too long. */
const ENGINE_LIMITS = { maxAstNodes: 2_000, maxDepth: 100 };
const INT_MAX = 2n ** 63n - 1n;

const ENGINE_TYPE = { int: 'int', bool: 'bool', string: 'string', strings: 'list<string>' } as const;

/**
 * Rules are CEL (github.com/google/cel-spec), statically typed, over flat variables and the pure {@link HELPERS}.
 *
 * This folder alone knows the engine. A mistyped name, a wrong type or an unsafe construct is refused here with its
 * position, never found by a subscriber.
 */
export function createCompiler(variables: Variables): RuleCompiler {
  const environment = environmentOf(variables);
  return {
    compile: (source, result) => {
      if (source.length > SOURCE_MAX) {
        return refused(
          problemAt(source, SOURCE_MAX, `the rule is longer than ${String(SOURCE_MAX)} characters`),
        );
      }
      try {
        return compile(environment, source, result, variables);
      } catch (error) {
        return refused(problemOf(source, error));
      }
    },
  };
}

/** Name and version of the engine, stored with each version of a rule set; a test compares it with the package. */
export const ENGINE_VERSION = 'cel-js 8.0.0';

function environmentOf(variables: Variables): Environment {
  const environment = new Environment({ unlistedVariablesAreDyn: false, limits: ENGINE_LIMITS });
  for (const [name, type] of Object.entries(variables)) {
    environment.registerVariable(name, ENGINE_TYPE[type]);
  }
  for (const { name, params, result, run } of HELPERS) {
    environment.registerFunction(`${name}(${params.join(', ')}): ${result}`, run);
  }
  return environment;
}

function compile(
  environment: Environment,
  source: string,
  result: Exclude<ValueType, 'strings'>,
  variables: Variables,
): Compiled {
  const parsed = environment.parse(source);
  const { problems, reads, cost } = walkRule(source, parsed.ast, variables);
  if (problems.length > 0) return refused(...problems);
  const checked = parsed.check();
  if (!checked.valid) return refused(problemOf(source, checked.error));
  if (checked.type !== result) {
    return refused(
      problemAt(source, 0, `this gives ${typeName(checked.type)}, wanted is ${typeName(result)}`),
    );
  }
  const hash = createHash('sha256').update(serialize(parsed.ast)).digest('hex');
  return {
    kind: 'compiled',
    rule: { source, hash, reads, cost, evaluate: (inputs) => evaluate(parsed, inputs) },
  };
}

function evaluate(parsed: ParseResult, inputs: RuleInputs): bigint | boolean | string {
  let value: bigint | boolean | string;
  try {
    value = parsed(inputs) as bigint | boolean | string;
  } catch (error) {
    throw new RuleFailure(summaryOf(error), { cause: error });
  }
  // The engine checks its own arithmetic, but not what a helper returns.
  if (typeof value === 'bigint' && (value > INT_MAX || value < -INT_MAX - 1n)) {
    throw new RuleFailure('the result is too large');
  }
  return value;
}

function refused(...problems: readonly RuleProblem[]): Compiled {
  return { kind: 'refused', problems };
}

function problemOf(source: string, error: unknown): RuleProblem {
  const range = (error as { range?: { start: number } }).range;
  return problemAt(source, range?.start ?? 0, inPlainWords(summaryOf(error)));
}

function summaryOf(error: unknown): string {
  return (error as { summary?: string }).summary ?? (error as Error).message;
}

/** The engine's terms, said so that whoever writes a rule knows what to change. */
const PLAIN: readonly (readonly [RegExp, (...found: string[]) => string])[] = [
  [/^Unknown variable: (.*)/, (name) => `there is no variable ${name}`],
  [/^no such overload: (.*)/, (operation) => `these types do not go together: ${operation}`],
  [
    /^found no matching overload for '(.*)'/,
    (call) => `there is no ${call}; check the number and types of arguments`,
  ],
  [/^Unexpected token: EOF/, () => 'something is missing at the end'],
  [/^Unexpected (token|character): (.*)/, (_, token) => `${token} does not belong here`],
];

function inPlainWords(summary: string): string {
  for (const [pattern, said] of PLAIN) {
    const found = pattern.exec(summary);
    if (found !== null) return said(...found.slice(1));
  }
  return summary;
}

function typeName(type: string | undefined): string {
  if (type === 'int') return 'a whole number';
  if (type === 'bool') return 'true or false';
  return type === 'string' ? 'a text' : `a ${String(type)}`;
}
