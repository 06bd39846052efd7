import { createHash } from 'node:crypto';
import type { Programme } from '../bonus/programme.ts';
import { Refusal } from '../errors.ts';
import { walletOf } from '../ledger/keys.ts';
import { ENGINE_VERSION } from '../rules/compile.ts';
import type { Clock } from '../runtime/clock.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import type { EventMember } from './event.ts';
import { goldenProblems } from './golden-cases.ts';
import { findEarningState } from './member-store.ts';
import type { Parameters } from './parameters.ts';
import { planAwards, type Plan } from './plan.ts';
import { replayRules, type ReplayReport } from './replay.ts';
import { ruleDocument, type RuleDocument } from './rule-document.ts';
import {
  findRuleSet,
  insertDraft,
  listRuleNumbers,
  listRuleSets,
  markPublished,
  markRetired,
  RULE_NUMBERS_MAX,
  saveReplay,
  type StoredRuleSet,
} from './rule-set-store.ts';
import { compileRuleSet, documentProblemText, type DocumentProblem, type RuleSet } from './rule-set.ts';
import { compileStored, type RuleSnapshot } from './snapshot.ts';
import { eventInputs, type EventFacts } from './variables.ts';

/** The life of a version: written, checked, tried, replayed, published, retired. */
export interface RuleSets {
  /** Everything that is wrong with a document, golden cases included; stores nothing. */
  check(document: unknown): Promise<readonly DocumentProblem[]>;
  /**
   * Stores a document as a draft; the same document as the newest draft is that draft.
   *
   * @throws Refusal `rules_invalid`
   */
  draft(author: string, document: unknown): Promise<number>;
  list(limit: number): Promise<readonly StoredRuleSet[]>;
  /** @throws Refusal `rule_set_unknown` */
  get(version: number): Promise<StoredRuleSet>;
  /** What an event of a member would earn now, by the version in force or another; books nothing. */
  dryRun(member: EventMember, event: EventFacts, version: number | undefined): Promise<DryRun>;
  /** @throws Refusal `rule_set_unknown`, `rule_set_not_draft` */
  replay(version: number, days: number): Promise<ReplayReport>;
  /** @throws Refusal `rule_set_unknown`, `rule_set_not_draft`, `rules_not_replayed`, `rules_invalid` */
  publish(publisher: string, version: number): Promise<void>;
  /** Ends the version in force; the configuration's own rates are in force again. */
  retire(version: number): Promise<void>;
}

export interface DryRun {
  readonly version: number;
  readonly plan: Plan;
}

export interface RuleSetsDeps {
  readonly pool: PostgresPool;
  readonly parameters: Parameters;
  readonly snapshot: RuleSnapshot;
  readonly clock: Clock;
  programme(): Programme;
}

export function createRuleSets(deps: RuleSetsDeps): RuleSets {
  const { pool, parameters, snapshot, clock } = deps;
  const get = async (version: number): Promise<StoredRuleSet> => {
    const stored = await findRuleSet(pool, version);
    if (stored === undefined) throw new Refusal('rule_set_unknown', { version });
    return stored;
  };
  const getDraft = async (version: number): Promise<StoredRuleSet> => {
    const stored = await get(version);
    if (stored.status !== 'draft') throw new Refusal('rule_set_not_draft', { version });
    return stored;
  };
  return {
    check: async (document) => (await checkDocument(deps, document)).problems,
    draft: (author, document) => storeDraft(deps, author, document),
    list: (limit) => listRuleSets(pool, limit),
    get,
    dryRun: async (member, event, version) => {
      const set =
        version === undefined ? snapshot.current() : await compileStored(depsOf(deps), await get(version));
      return { version: set.version, plan: await dryPlan(deps, set, member, event) };
    },
    replay: async (version, days) => {
      const draft = await compileStored(depsOf(deps), await getDraft(version));
      const { zone } = deps.programme();
      const report = await replayRules(
        { db: pool, parameters, zone },
        snapshot.current(),
        draft,
        days,
        clock.now(),
      );
      await saveReplay(pool, version, toText(report));
      return report;
    },
    publish: async (publisher, version) => {
      const stored = await getDraft(version);
      if (stored.replay === null) throw new Refusal('rules_not_replayed', { version });
      // Parameters may have been defined since, and the engine may be another one than at the time of writing.
      refuseProblems((await checkDocument(deps, JSON.parse(stored.document))).problems);
      if (!(await markPublished(pool, version, publisher, clock.now()))) {
        throw new Refusal('rule_set_not_draft', { version });
      }
      await snapshot.refresh();
    },
    retire: async (version) => {
      await get(version);
      if (!(await markRetired(pool, version, clock.now())))
        throw new Refusal('rule_set_not_draft', { version });
      await snapshot.refresh();
    },
  };
}

function depsOf({ pool, parameters }: RuleSetsDeps) {
  return { db: pool, parameters };
}

interface Checked {
  readonly problems: readonly DocumentProblem[];
  readonly document: RuleDocument | undefined;
}

async function checkDocument({ parameters }: RuleSetsDeps, given: unknown): Promise<Checked> {
  const parsed = ruleDocument.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => ({
      ...{ path: pathText(path), line: 1, column: 1, reason: message },
    }));
    return { problems, document: undefined };
  }
  await parameters.refresh();
  const definitions = parameters.definitions();
  const compiled = compileRuleSet(parsed.data, 0, definitions, numbersOf(parsed.data));
  const problems =
    compiled.kind === 'refused' ? compiled.problems : goldenProblems(parsed.data, compiled.set, definitions);
  return { problems, document: parsed.data };
}

/** Numbers of their own for a check: permanent ones are given when a draft is stored. */
function numbersOf({ rules }: RuleDocument): Map<string, number> {
  return new Map(rules.map(({ code }, index) => [code, index + 1]));
}

function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${String(key)}]` : `.${String(key)}`)).join('');
  return text.replace(/^\./, '') || 'rules';
}

async function storeDraft(deps: RuleSetsDeps, author: string, given: unknown): Promise<number> {
  const { problems, document } = await checkDocument(deps, given);
  refuseProblems(problems);
  const text = JSON.stringify(given);
  const hash = createHash('sha256').update(text).digest('hex');
  const [newest] = await listRuleSets(deps.pool, 1);
  if (newest?.status === 'draft' && newest.hash === hash) return newest.version;
  const codes = document!.rules.map(({ code }) => code);
  const numbers = await listRuleNumbers(deps.pool);
  const fresh = codes.filter((code) => !numbers.has(code)).length;
  if (numbers.size + fresh > RULE_NUMBERS_MAX) {
    throw new Refusal('rules_invalid', {
      problems: `more than ${String(RULE_NUMBERS_MAX)} rules were ever written`,
    });
  }
  return insertDraft(
    deps.pool,
    { document: text, hash, engine: ENGINE_VERSION, author },
    codes,
    deps.clock.now(),
  );
}

/** @throws Refusal `rules_invalid` */
function refuseProblems(problems: readonly DocumentProblem[]): void {
  if (problems.length === 0) return;
  throw new Refusal('rules_invalid', { problems: problems.map(documentProblemText).join('; ') });
}

async function dryPlan(
  deps: RuleSetsDeps,
  set: RuleSet,
  member: EventMember,
  event: EventFacts,
): Promise<Plan> {
  const { zone } = deps.programme();
  const asked = [{ subscriber: member.id, at: event.occurredAt }];
  const [values] = await deps.parameters.valuesAsOf(asked, set.parametersOf.get(event.type) ?? []);
  const state = await findEarningState(deps.pool, walletOf(member.id));
  if (state === undefined) throw new Refusal('account_unknown');
  const now = deps.clock.now();
  return planAwards(
    {
      rules: set.byType.get(event.type) ?? [],
      inputs: eventInputs(event, { ...member, zone, parameters: values! }),
      occurredAt: event.occurredAt,
      now,
      zone,
      admits: ({ breaker }) => breaker.admits(now),
    },
    state,
  );
}

function toText(report: ReplayReport): string {
  return JSON.stringify(report, (_name, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}
