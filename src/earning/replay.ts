import { ownerOf } from '../ledger/keys.ts';
import type { RuleInputs } from '../rules/value.ts';
import type { Db } from '../storage/postgres.ts';
import { DAY_MS } from '../values/instant.ts';
import type { EventMember } from './event.ts';
import { listPastEvents, type EventCursor, type PastEvent } from './event-store.ts';
import { listMembers } from './member-store.ts';
import type { Parameters } from './parameters.ts';
import { planAwards, type EarningState, type Plan } from './plan.ts';
import type { RuleSet } from './rule-set.ts';
import { eventInputs } from './variables.ts';

/** What a version would have given for past events, beside what the version in force would have given. */
export interface ReplayReport {
  readonly from: number;
  readonly to: number;
  readonly events: number;
  readonly members: number;
  /** Events whose points differ between the two. */
  readonly changed: number;
  /** More events than {@link EVENTS_MAX}: the rest was not looked at. */
  readonly truncated: boolean;
  readonly present: ReplaySide;
  readonly draft: ReplaySide;
  readonly rules: readonly ReplayedRule[];
}

export interface ReplaySide {
  readonly version: number;
  readonly points: bigint;
  readonly failures: number;
}

/** One rule of the draft. */
export interface ReplayedRule {
  readonly rule: string;
  readonly awards: number;
  readonly points: bigint;
  readonly capped: number;
  readonly failures: number;
  readonly missing: number;
}

export interface ReplayDeps {
  readonly db: Db;
  readonly parameters: Pick<Parameters, 'valuesAsOf'>;
  readonly zone: string;
}

export const EVENTS_MAX = 500_000;
const PAGE = 500;

/**
 * Replays the events of the last days on both versions, each from an empty carry and free caps, so that the difference
 * is the rules' alone. Parameters are taken as of each event. Nothing is booked.
 */
export async function replayRules(
  deps: ReplayDeps,
  present: RuleSet,
  draft: RuleSet,
  days: number,
  now: number,
): Promise<ReplayReport> {
  const tally = newTally(present, draft);
  const until = new Date(now);
  let cursor: EventCursor = { recordedAtText: new Date(now - days * DAY_MS).toISOString(), serial: -1n };
  while (tally.events < EVENTS_MAX) {
    const page = await listPastEvents(deps.db, cursor, until, PAGE);
    await replayPage(deps, page, tally);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return reportOf(tally, now - days * DAY_MS, now, false);
    cursor = last;
  }
  return reportOf(tally, now - days * DAY_MS, now, true);
}

interface Side {
  readonly set: RuleSet;
  readonly states: Map<bigint, EarningState>;
  points: bigint;
  failures: number;
}

type Counted = { -readonly [Field in keyof ReplayedRule]: ReplayedRule[Field] };

interface Tally {
  readonly present: Side;
  readonly draft: Side;
  readonly rules: Map<string, Counted>;
  events: number;
  changed: number;
}

function newTally(present: RuleSet, draft: RuleSet): Tally {
  const side = (set: RuleSet): Side => ({ set, states: new Map(), points: 0n, failures: 0 });
  const rules = new Map<string, Counted>();
  for (const { code } of [...draft.byType.values()].flat()) {
    rules.set(code, { rule: code, awards: 0, points: 0n, capped: 0, failures: 0, missing: 0 });
  }
  return { present: side(present), draft: side(draft), rules, events: 0, changed: 0 };
}

async function replayPage(deps: ReplayDeps, page: readonly PastEvent[], tally: Tally): Promise<void> {
  const subscribers = page.map(({ account }) => BigInt(ownerOf(Number(account))));
  const members = new Map(
    (await listMembers(deps.db, [...new Set(subscribers)])).map((member) => [member.id, member]),
  );
  const codes = new Set(
    [tally.present, tally.draft].flatMap(({ set }) =>
      page.flatMap(({ type }) => set.parametersOf.get(type) ?? []),
    ),
  );
  const asked = page.map(({ occurredAt }, at) => ({
    subscriber: subscribers[at]!,
    at: occurredAt.getTime(),
  }));
  const values = await deps.parameters.valuesAsOf(asked, [...codes]);
  page.forEach((event, index) => {
    const member = members.get(subscribers[index]!);
    // Who was erased since cannot be looked at again.
    if (member !== undefined) replayOne(deps, event, { ...member, parameters: values[index]! }, tally);
  });
}

type Known = EventMember & { readonly parameters: RuleInputs };

function replayOne(deps: ReplayDeps, event: PastEvent, member: Known, tally: Tally): void {
  const { zone } = deps;
  const occurredAt = event.occurredAt.getTime();
  const facts = { ...event, occurredAt, labels: JSON.parse(event.labels) as string[] };
  const inputs = eventInputs(facts, { ...member, zone });
  const run = (side: Side): Plan => {
    const before = side.states.get(event.account) ?? { counters: [], carry: [] };
    const plan = planAwards(
      {
        rules: side.set.byType.get(event.type) ?? [],
        inputs,
        occurredAt,
        now: event.recordedAt.getTime(),
        zone,
        admits: () => true,
      },
      { ...before, tier: event.tier },
    );
    side.states.set(event.account, { tier: event.tier, counters: plan.counters, carry: plan.carry });
    side.points += plan.points;
    side.failures += plan.outcomes.filter(({ outcome }) => outcome === 'failed').length;
    return plan;
  };
  const [present, draft] = [run(tally.present), run(tally.draft)];
  tally.events += 1;
  if (present.points !== draft.points) tally.changed += 1;
  countRules(draft, tally);
}

function countRules(plan: Plan, { rules }: Tally): void {
  for (const { rule, outcome, points } of plan.outcomes) {
    const counted = rules.get(rule)!;
    counted.points += points;
    if (points > 0n) counted.awards += 1;
    if (outcome === 'capped') counted.capped += 1;
    if (outcome === 'failed') counted.failures += 1;
    if (outcome === 'parameter_missing') counted.missing += 1;
  }
}

function reportOf(tally: Tally, from: number, to: number, truncated: boolean): ReplayReport {
  const shown = ({ set, points, failures }: Side): ReplaySide => ({ version: set.version, points, failures });
  return {
    ...{ from, to, truncated, events: tally.events, changed: tally.changed },
    members: tally.draft.states.size,
    present: shown(tally.present),
    draft: shown(tally.draft),
    rules: [...tally.rules.values()],
  };
}
