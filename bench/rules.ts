import { createCompiler } from '../src/rules/compile.ts';
import { problemText } from '../src/rules/problem.ts';
import type { RuleInputs, Variables } from '../src/rules/value.ts';
import { loadAverage, median, ownCpuUs, round } from './harness.ts';

const ROUNDS = 5;
const EVALUATIONS = 200_000;

const VARIABLES = {
  amount: 'int',
  currency: 'string',
  tenure_months: 'int',
  average_spend: 'int',
  late_payments: 'int',
  tier: 'int',
  roaming: 'bool',
} as const satisfies Variables;

/** Six conditions and an integer formula: an ordinary earning rule in one expression. */
const SOURCE = `amount >= 10000 && currency == 'RUB' && tenure_months >= 12 && average_spend >= 50000
  && late_payments == 0 && !roaming ? min(amount * 5 / 10000 + tier * 10, 500) : 0`;

interface Values {
  amount: bigint;
  currency: string;
  tenure_months: bigint;
  average_spend: bigint;
  late_payments: bigint;
  tier: bigint;
  roaming: boolean;
}

/** The same rule by hand: every result is compared with it. */
function byHand(v: Values): bigint {
  const applies =
    v.amount >= 10_000n &&
    v.currency === 'RUB' &&
    v.tenure_months >= 12n &&
    v.average_spend >= 50_000n &&
    v.late_payments === 0n &&
    !v.roaming;
  if (!applies) return 0n;
  const points = (v.amount * 5n) / 10_000n + v.tier * 10n;
  return points < 500n ? points : 500n;
}

/**
 * One rule on changing values, on one core: evaluations per second of wall and of CPU time.
 *
 * @throws Error when a result differs from the same rule written by hand
 */
export function benchRules(progress: (text: string) => void): Promise<Record<string, number>> {
  const compiler = createCompiler(VARIABLES);
  const made = compiler.compile(SOURCE, 'int');
  if (made.kind === 'refused') throw new Error(made.problems.map(problemText).join('\n'));
  const inputs = Array.from({ length: 1_024 }, (_, index) => valuesOf(index));
  const rounds: { wall: number; cpu: number; byHand: number }[] = [];
  for (let turn = 0; turn <= ROUNDS; turn++) {
    progress(turn === 0 ? 'warming up' : `round ${String(turn)} of ${String(ROUNDS)}`);
    const engine = measured((values) => made.rule.evaluate(values as unknown as RuleInputs), inputs);
    const reference = measured(byHand, inputs);
    if (engine.sum !== reference.sum) throw new Error('the engine and the rule by hand differ');
    if (turn > 0) rounds.push({ ...engine, byHand: reference.wall });
  }
  const compiles = compilesPerSecond(() => compiler.compile(SOURCE, 'int'));
  return Promise.resolve({
    evals_per_s: Math.round(median(rounds.map(({ wall }) => wall))),
    evals_per_cpu_s: Math.round(median(rounds.map(({ cpu }) => cpu))),
    ratio_by_hand: round(median(rounds.map(({ wall, byHand: reference }) => wall / reference)), 4),
    compiles_per_s: Math.round(compiles),
    rounds: ROUNDS,
    load_avg: loadAverage(),
  });
}

function valuesOf(index: number): Values {
  return {
    amount: BigInt(index * 1_000),
    currency: index % 10 === 0 ? 'USD' : 'RUB',
    tenure_months: BigInt(index % 50),
    average_spend: BigInt(40_000 + index * 37),
    late_payments: BigInt(index % 7 === 0 ? 1 : 0),
    tier: BigInt(index % 4),
    roaming: index % 11 === 0,
  };
}

function measured(run: (values: Values) => unknown, inputs: readonly Values[]) {
  const [began, cpuBefore] = [performance.now(), ownCpuUs()];
  let sum = 0n;
  for (let turn = 0; turn < EVALUATIONS; turn++) sum += run(inputs[turn & 1_023]!) as bigint;
  const cpu = (EVALUATIONS * 1_000_000) / (ownCpuUs() - cpuBefore);
  return { sum, wall: (EVALUATIONS * 1_000) / (performance.now() - began), cpu };
}

function compilesPerSecond(compile: () => unknown): number {
  const began = performance.now();
  for (let turn = 0; turn < 500; turn++) compile();
  return 500_000 / (performance.now() - began);
}
