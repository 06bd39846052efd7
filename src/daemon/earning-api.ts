import type { RuleSetView, RulesApi } from '../channels/api/earning.ts';
import type { ParametersApi } from '../channels/api/parameters.ts';
import type { Assessment } from '../earning/assessment.ts';
import type { Parameters } from '../earning/parameters.ts';
import { healthOf } from '../earning/rule-health.ts';
import type { RuleSets } from '../earning/rule-sets.ts';
import type { StoredRuleSet } from '../earning/rule-set-store.ts';
import type { RuleSnapshot } from '../earning/snapshot.ts';
import { Refusal } from '../errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Subscribers } from '../subscribers/subscribers.ts';
import { instant } from '../values/instant.ts';

const SHOWN_MAX = 100;

export interface EarningApiDeps {
  readonly parameters: Parameters;
  readonly ruleSets: RuleSets;
  readonly snapshot: RuleSnapshot;
  readonly assessment: Pick<Assessment, 'start' | 'list'>;
  readonly subscribers: Pick<Subscribers, 'findSubscriber'>;
  readonly clock: Clock;
}

/** Parameters for the HTTP API; definitions of other daemons are read anew each time. */
export function parametersApi({ parameters, clock }: EarningApiDeps): ParametersApi {
  return {
    list: async () => {
      await parameters.refresh();
      return parameters.definitions();
    },
    define: (definition) => parameters.define(definition),
    record: async (actor, told) => {
      await parameters.refresh();
      const results = await parameters.record(told, actor.name, clock.now());
      return results.map((result) => (result.kind === 'refused' ? result.code : undefined));
    },
    valuesOf: async (subscriber, at) => {
      await parameters.refresh();
      const codes = parameters.definitions().map(({ code }) => code);
      const [values] = await parameters.valuesAsOf([{ subscriber, at }], codes);
      return Object.fromEntries(Object.entries(values!).map(([code, value]) => [code, String(value)]));
    },
  };
}

/** Earning rules for the HTTP API. */
export function rulesApi({ ruleSets, snapshot, assessment, subscribers, clock }: EarningApiDeps): RulesApi {
  return {
    check: (document) => ruleSets.check(document),
    draft: (actor, document) => ruleSets.draft(actor.name, document),
    list: async () => (await ruleSets.list(SHOWN_MAX)).map(viewOf),
    get: async (version) => {
      const stored = await ruleSets.get(version);
      const replay: unknown = stored.replay === null ? null : JSON.parse(stored.replay);
      return { ...viewOf(stored), document: JSON.parse(stored.document) as unknown, replay };
    },
    dryRun: async (id, event, version) => {
      const member = await subscribers.findSubscriber(id);
      if (member === undefined) throw new Refusal('subscriber_unknown');
      const run = await ruleSets.dryRun(member, event, version);
      return { version: run.version, points: run.plan.points, outcomes: run.plan.outcomes };
    },
    replay: async (version, days) => {
      await ruleSets.replay(version, days);
      const { replay } = await ruleSets.get(version);
      return JSON.parse(replay!) as unknown;
    },
    publish: (actor, version) => ruleSets.publish(actor.name, version),
    retire: (version) => ruleSets.retire(version),
    assess: async (actor, asOf) => {
      const run = await assessment.start(actor.name, asOf);
      if (run !== undefined) return run;
      throw new Refusal('rules_invalid', { problems: 'no rule in force is for the assessment' });
    },
    assessments: async () =>
      (await assessment.list(SHOWN_MAX)).map(({ id, version, asOf, state, ...counts }) => ({
        ...{ run: id, version, state, asOf: instant(asOf.getTime()) },
        ...{ members: counts.members, refused: counts.refused },
        ...{ points: counts.points, failures: counts.failures },
      })),
    health: () => {
      const set = snapshot.current();
      return { version: set.version, rules: healthOf(set, clock.now()) };
    },
  };
}

function viewOf(stored: StoredRuleSet): RuleSetView {
  const { version, status, author, createdAt, replay, publisher, publishedAt } = stored;
  return {
    ...{ version, status, author, publisher },
    createdAt: instant(createdAt.getTime()),
    replayed: replay !== null,
    publishedAt: publishedAt === null ? null : instant(publishedAt.getTime()),
  };
}
