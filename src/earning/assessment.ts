import type { ExpiresAt } from '../bonus/expiry.ts';
import { endOfLocalDay, endOfLocalMonth } from '../bonus/calendar.ts';
import type { Programme } from '../bonus/programme.ts';
import { assert } from '../errors.ts';
import { assessmentResultKind } from '../ledger/kinds/business-event.ts';
import { walletOf } from '../ledger/keys.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { EARNED } from '../ledger/lot-classes.ts';
import { toWrite, type Operation } from '../ledger/operation.ts';
import { channelNumber, contentHash, scopedRequest, traceOctets } from '../ledger/request-key.ts';
import type { Clock } from '../runtime/clock.ts';
import type { EarningConfig } from '../runtime/config/earning.ts';
import { newTraceId } from '../runtime/ids.ts';
import type { Logger } from '../runtime/log.ts';
import type { RuleInputs } from '../rules/value.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import { HOUR_MS, MINUTE_MS } from '../values/instant.ts';
import {
  advanceRun,
  finishRun,
  insertRun,
  leaseRun,
  listRuns,
  type AssessmentRun,
  type PageTotals,
} from './assessment-store.ts';
import { award, inputsText, type Awarded } from './award.ts';
import type { EventMember } from './event.ts';
import { listMembersPage } from './member-store.ts';
import { ruleFailures } from './metrics.ts';
import type { Parameters } from './parameters.ts';
import { planAwards, type Plan } from './plan.ts';
import { cachedExpiry } from './record-member-events.ts';
import { findRuleSet } from './rule-set-store.ts';
import type { EarningRule, RuleSet } from './rule-set.ts';
import { compileStored, type RuleSnapshot } from './snapshot.ts';
import { ASSESSMENT, assessmentInputs } from './variables.ts';

export interface AssessmentDeps {
  readonly pool: PostgresPool;
  readonly ledger: Ledger;
  readonly parameters: Parameters;
  readonly snapshot: Pick<RuleSnapshot, 'current'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Unique among running daemons: one of them works on a run. */
  readonly owner: number;
  programme(): Programme;
  config(): Pick<EarningConfig, 'assessment'>;
}

/** The scheduled assessment: every member's parameters judged by rules, once for each date. */
export interface Assessment {
  /** Starts a run as of a moment, or answers the one there is; undefined when no rule in force assesses. */
  start(startedBy: string, asOf: number): Promise<number | undefined>;
  /** Starts what is due by the schedule, then works on unfinished runs until none is left. */
  tick(): Promise<void>;
  list(limit: number): Promise<readonly AssessmentRun[]>;
  /** Ends after the page in hand; the next {@link tick} goes on behind it. */
  stop(): void;
}

/** Members decided at once: enough to fill the bulk half of batches, few enough to stay small in memory. */
const PAGE = 500;
const LEASE_MS = 2 * MINUTE_MS;

export async function createAssessment(deps: AssessmentDeps): Promise<Assessment> {
  const { pool, clock, snapshot } = deps;
  const { id: classId } = await deps.ledger.classes.intern(EARNED);
  const lapse = cachedExpiry();
  let stopped = false;
  const start = async (startedBy: string, asOf: number): Promise<number | undefined> => {
    const { version, byType } = snapshot.current();
    if (!byType.has(ASSESSMENT)) return undefined;
    return insertRun(pool, { version, asOf, startedBy }, clock.now());
  };
  return {
    start,
    tick: async () => {
      const due = dueAsOf(deps.config(), deps.programme().zone, clock.now());
      if (due !== undefined) await start('schedule', due);
      while (!stopped) {
        const run = await leaseRun(pool, deps.owner, clock.now(), LEASE_MS);
        if (run === undefined) return;
        await work({ deps, run, set: await setOf(deps, run), classId, lapse, stopped: () => stopped });
      }
    },
    list: (limit) => listRuns(pool, limit),
    stop: () => void (stopped = true),
  };
}

/** The local midnight that the schedule is due for now: today's, or that of the first of the month. */
export function dueAsOf(
  { assessment }: Pick<EarningConfig, 'assessment'>,
  zone: string,
  now: number,
): number | undefined {
  if (assessment === 'never') return undefined;
  const asOf = assessment.every === 'day' ? endOfLocalDay(now, zone, -1) : endOfLocalMonth(now, zone, -1);
  return now >= asOf + assessment.hour * HOUR_MS ? asOf : undefined;
}

/** A run keeps the version it began with, whatever is published meanwhile. */
async function setOf(deps: AssessmentDeps, run: AssessmentRun): Promise<RuleSet> {
  const current = deps.snapshot.current();
  if (current.version === run.version) return current;
  const stored = await findRuleSet(deps.pool, run.version);
  assert(stored !== undefined, 'a run names a stored version');
  return compileStored({ db: deps.pool, parameters: deps.parameters }, stored);
}

interface Work {
  readonly deps: AssessmentDeps;
  readonly run: AssessmentRun;
  readonly set: RuleSet;
  readonly classId: number;
  readonly lapse: (programme: Programme) => ExpiresAt;
  readonly stopped: () => boolean;
}

async function work(job: Work): Promise<void> {
  const { deps, run, set } = job;
  const { pool, clock, log, owner } = deps;
  const asOf = run.asOf.getTime();
  const codes = set.parametersOf.get(ASSESSMENT) ?? [];
  let cursor = run.cursor;
  while (!job.stopped()) {
    const members = await listMembersPage(pool, cursor, asOf, PAGE);
    const last = members.at(-1);
    if (last === undefined) {
      await finishRun(pool, run.id, owner, clock.now());
      return log.info({ run: run.id }, 'assessment done');
    }
    const asked = members.map(({ id }) => ({ subscriber: id, at: asOf }));
    const values = await deps.parameters.valuesAsOf(asked, codes);
    const results = await Promise.all(members.map((member, index) => assess(job, member, values[index]!)));
    noteFailures(results, deps);
    cursor = last.id;
    const page = { ...totalsOf(results), cursor };
    if (!(await advanceRun(pool, run.id, owner, page, clock.now() + LEASE_MS))) return;
  }
}

/** The member's stored answer; undefined when the wallet takes no points. A page done again finds its answers. */
async function assess(job: Work, member: EventMember, parameters: RuleInputs): Promise<Awarded | undefined> {
  const { deps, run } = job;
  const trace = traceOctets(newTraceId());
  const posted = await deps.ledger.post(
    {
      ...operationOf(job, member, parameters),
      request: {
        ...scopedRequest(`assessment ${String(run.id)}`, member.id.toString()),
        contentHash: contentHash({ run: run.id, member: member.id }),
        trace,
        channel: channelNumber('system'),
        actor: run.startedBy,
        operation: 'assessment',
      },
    },
    'bulk',
  );
  assert(posted.kind === 'posted', 'an assessment is no MO');
  return posted.verdict.kind === 'done' ? (posted.verdict.data as Awarded) : undefined;
}

function operationOf(
  job: Work,
  member: EventMember,
  parameters: RuleInputs,
): Pick<Operation, 'keys' | 'decide'> {
  const { deps, run, set } = job;
  const programme = deps.programme();
  const rules = set.byType.get(ASSESSMENT) ?? [];
  const occurredAt = run.asOf.getTime();
  const inputs = assessmentInputs(occurredAt, { ...member, zone: programme.zone, parameters });
  const to = walletOf(member.id);
  return award({
    to,
    source: 'assessment',
    version: set.version,
    classId: job.classId,
    expiresAt: job.lapse(programme),
    debtSharePpm: programme.debtSharePpm,
    // A rule that fails for some members still judges the others: a rest would take points from whoever comes next.
    plan: (state, now) =>
      planAwards({ rules, inputs, occurredAt, now, zone: programme.zone, admits: () => true }, state),
    records: (plan, _state, view) => [
      toWrite(assessmentResultKind, {
        ...{ home: to.home, account: to.id, serial: run.id, version: set.version },
        inputs: inputsText(readBy(rules, inputs)),
        outcomes: outcomesText(plan),
        points: plan.points,
        createdAt: view.now,
      }),
    ],
  });
}

function readBy(rules: readonly EarningRule[], inputs: RuleInputs): RuleInputs {
  const names = new Set(rules.flatMap(({ reads }) => reads));
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => names.has(name)));
}

function outcomesText({ outcomes }: Plan): string {
  return JSON.stringify(outcomes, (_name, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

function totalsOf(results: readonly (Awarded | undefined)[]): Omit<PageTotals, 'cursor'> {
  const done = results.filter((result) => result !== undefined);
  return {
    members: results.length,
    refused: results.length - done.length,
    points: done.reduce((sum, { points }) => sum + points, 0n),
    failures: done.reduce((sum, { failed }) => sum + failed.length, 0),
  };
}

/** One line for each rule and page, however many members it failed for. */
function noteFailures(results: readonly (Awarded | undefined)[], { log }: AssessmentDeps): void {
  const counts = new Map<string, number>();
  for (const rule of results.flatMap((result) => result?.failed ?? [])) {
    counts.set(rule, (counts.get(rule) ?? 0) + 1);
  }
  for (const [rule, members] of counts) {
    ruleFailures.inc({ rule }, members);
    log.error({ rule, members }, 'assessment rule failed');
  }
}
