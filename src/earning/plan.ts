import { localDayNumber, localMonthNumber } from '../bonus/calendar.ts';
import { countUse, type EarnCarry, type LimitCounter } from '../ledger/counters.ts';
import { RuleFailure } from '../rules/problem.ts';
import type { RuleInputs, RuleValue } from '../rules/value.ts';
import { POINTS_MAX } from '../values/points.ts';
import type { EarningCap, EarningRule } from './rule-set.ts';

/** What of an account earning depends on and changes. */
export interface EarningState {
  readonly tier: number;
  readonly counters: readonly LimitCounter[];
  readonly carry: readonly EarnCarry[];
}

/** What came of one rule, for dry runs, assessment results and complaints. */
export interface RuleOutcome {
  readonly rule: string;
  readonly outcome:
    | 'awarded'
    | 'capped'
    | 'nothing'
    | 'condition_false'
    | 'not_valid_then'
    | 'other_currency'
    | 'parameter_missing'
    | 'group_taken'
    | 'failed'
    | 'resting';
  readonly points: bigint;
  /** The parameter that is missing, or why it failed. */
  readonly detail?: string;
}

export interface PlannedAward {
  readonly rule: string;
  readonly points: bigint;
  /** The values the rule looked at. */
  readonly inputs: RuleInputs;
}

/** What rules come to, before anything is booked. Execution and dry run make the same one (P29). */
export interface Plan {
  readonly points: bigint;
  readonly awards: readonly PlannedAward[];
  readonly outcomes: readonly RuleOutcome[];
  readonly counters: readonly LimitCounter[];
  readonly carry: readonly EarnCarry[];
}

export interface Planning {
  readonly rules: readonly EarningRule[];
  /** Everything but `tier` and `awarded`. */
  readonly inputs: RuleInputs;
  /** When the event happened: rules are valid for it. */
  readonly occurredAt: number;
  /** When it is booked: days and months of caps are those of booking, so that events may come in any order (P6). */
  readonly now: number;
  readonly zone: string;
  /** Whether a rule may run; decided before, so that planning is pure. */
  readonly admits: (rule: EarningRule) => boolean;
  /** Points that other rules are taken to have given already; a golden case may say so. */
  readonly awardedBefore?: bigint;
}

interface Progress {
  readonly awards: PlannedAward[];
  readonly outcomes: RuleOutcome[];
  readonly groups: Set<string>;
  awarded: bigint;
  counters: readonly LimitCounter[];
  carry: readonly EarnCarry[];
}

/** Tries the rules in their order on one state. Pure. */
export function planAwards(planning: Planning, state: EarningState): Plan {
  const { counters, carry } = state;
  const awarded = planning.awardedBefore ?? 0n;
  const progress: Progress = { awards: [], outcomes: [], groups: new Set(), awarded, counters, carry };
  for (const rule of planning.rules) progress.outcomes.push(tryRule(rule, planning, state, progress));
  const { awards, outcomes } = progress;
  return {
    points: progress.awarded - awarded,
    awards,
    outcomes,
    counters: progress.counters,
    carry: progress.carry,
  };
}

function tryRule(
  rule: EarningRule,
  planning: Planning,
  state: EarningState,
  progress: Progress,
): RuleOutcome {
  const ended = (outcome: RuleOutcome['outcome'], detail?: string): RuleOutcome => ({
    rule: rule.code,
    outcome,
    points: 0n,
    ...(detail !== undefined && { detail }),
  });
  if (planning.occurredAt < rule.from || planning.occurredAt >= rule.to) return ended('not_valid_then');
  if (!planning.admits(rule)) return ended('resting');
  if (rule.group !== undefined && progress.groups.has(rule.group)) return ended('group_taken');
  const known = { tier: BigInt(state.tier), awarded: progress.awarded };
  const inputs = inputsOf(rule, { ...planning.inputs, ...known });
  if (typeof inputs === 'string') return ended('parameter_missing', inputs);
  try {
    if (rule.when !== undefined && rule.when.evaluate(inputs) !== true) return ended('condition_false');
    if (rule.gives.kind === 'rate' && rule.gives.currency !== inputs['currency'])
      return ended('other_currency');
    return give(rule, inputs, planning, progress);
  } catch (error) {
    if (error instanceof RuleFailure) return ended('failed', error.message);
    throw error;
  }
}

/** The values a rule reads, defaults filled in; the name of the first one that nobody told. */
function inputsOf(rule: EarningRule, known: Readonly<Record<string, RuleValue>>): RuleInputs | string {
  const inputs: Record<string, RuleValue> = {};
  for (const name of rule.reads) {
    const value = known[name] ?? rule.defaults[name];
    if (value === undefined) return name;
    inputs[name] = value;
  }
  return inputs;
}

function give(rule: EarningRule, inputs: RuleInputs, planning: Planning, progress: Progress): RuleOutcome {
  const { points: wanted, carry } = amountOf(rule, inputs, progress.carry);
  if (wanted < 0n || wanted > POINTS_MAX) throw new RuleFailure(`${String(wanted)} points cannot be given`);
  progress.carry = carry;
  if (wanted > 0n && rule.group !== undefined) progress.groups.add(rule.group);
  const points = capped(rule.caps, wanted, planning, progress);
  const outcome = wanted === 0n ? 'nothing' : points < wanted ? 'capped' : 'awarded';
  if (points > 0n) {
    progress.awarded += points;
    progress.awards.push({ rule: rule.code, points, inputs });
  }
  return { rule: rule.code, outcome, points };
}

/** Points by formula, or by rate with what earlier events left below one point (bonus-core §3.4.6). */
function amountOf(
  { gives }: EarningRule,
  inputs: RuleInputs,
  carry: readonly EarnCarry[],
): { points: bigint; carry: readonly EarnCarry[] } {
  if (gives.kind === 'points') return { points: gives.formula.evaluate(inputs) as bigint, carry };
  const before = carry.find(({ rule }) => rule === gives.carry)?.remainder ?? 0n;
  const total = (inputs['amount'] as bigint) + before;
  const points = total / gives.minorPerPoint;
  if (gives.carry === undefined) return { points, carry };
  const others = carry.filter(({ rule }) => rule !== gives.carry);
  return { points, carry: [...others, { rule: gives.carry, remainder: total % gives.minorPerPoint }] };
}

/** Clips to the room that every window leaves; what is above is not given and not owed. */
function capped(
  caps: readonly EarningCap[],
  wanted: bigint,
  { now, zone }: Planning,
  progress: Progress,
): bigint {
  if (wanted === 0n || caps.length === 0) return wanted;
  const windows = caps.map((cap) => ({
    ...cap,
    start: cap.window === 'day' ? localDayNumber(now, zone) : localMonthNumber(now, zone),
  }));
  let points = wanted;
  for (const { policy, start, amount } of windows) {
    const used = progress.counters.find((one) => one.policy === policy && one.windowStart === start)?.amount;
    const room = amount - (used ?? 0n);
    points = room < points ? (room > 0n ? room : 0n) : points;
  }
  if (points === 0n) return 0n;
  for (const { policy, start } of windows) {
    progress.counters = countUse(progress.counters, policy, start, points).counters;
  }
  return points;
}
