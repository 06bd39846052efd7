import { z } from 'zod';
import { Refusal } from '../../errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Subscribers } from '../../subscribers/subscribers.ts';
import type { Instant } from '../../values/instant.ts';
import type { NumberPlan } from '../../values/msisdn.ts';
import { currencyField, instantAnswer, instantField, isoOf, msisdnField, pointsAnswer } from './fields.ts';
import { route, type ApiActor, type Route } from './route.ts';
import { getOwner } from './subscribers.ts';

/** A version of the earning rules. */
export interface RuleSetView {
  readonly version: number;
  readonly status: 'draft' | 'published' | 'retired';
  readonly author: string;
  readonly createdAt: Instant;
  readonly replayed: boolean;
  readonly publisher: string | null;
  readonly publishedAt: Instant | null;
}

/** A mistake with its place. */
export interface RuleProblemView {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly reason: string;
}

/** An event to be tried, without being recorded. */
export interface TriedEvent {
  readonly type: string;
  readonly minor: bigint;
  readonly currency: string;
  readonly occurredAt: Instant;
  readonly partner: string;
  readonly labels: readonly string[];
}

export interface RuleOutcomeView {
  readonly rule: string;
  readonly outcome: string;
  readonly points: bigint;
  readonly detail?: string;
}

/** What a rule has been doing since this daemon began to use it. */
export interface RuleHealthView {
  readonly rule: string;
  readonly on: string;
  readonly state: 'closed' | 'open' | 'probing';
  readonly evaluations: number;
  readonly failures: number;
  readonly lastFailure: string | undefined;
}

/** A run of the assessment rules over all members. */
export interface AssessmentView {
  readonly run: number;
  readonly version: number;
  readonly asOf: Instant;
  readonly state: 'running' | 'done';
  readonly members: bigint;
  readonly refused: bigint;
  readonly points: bigint;
  readonly failures: bigint;
}

/** Earning rules as the daemon gives them to the API. */
export interface RulesApi {
  readonly check: (document: unknown) => Promise<readonly RuleProblemView[]>;
  readonly draft: (actor: ApiActor, document: unknown) => Promise<number>;
  readonly list: () => Promise<readonly RuleSetView[]>;
  /** With its document. */
  readonly get: (
    version: number,
  ) => Promise<RuleSetView & { readonly document: unknown; readonly replay: unknown }>;
  readonly dryRun: (
    subscriber: bigint,
    event: TriedEvent,
    version: number | undefined,
  ) => Promise<{
    readonly version: number;
    readonly points: bigint;
    readonly outcomes: readonly RuleOutcomeView[];
  }>;
  /** The report, as JSON. */
  readonly replay: (version: number, days: number) => Promise<unknown>;
  readonly publish: (actor: ApiActor, version: number) => Promise<void>;
  readonly retire: (version: number) => Promise<void>;
  /** Answers the run; the one there is for the same moment. */
  readonly assess: (actor: ApiActor, asOf: Instant) => Promise<number>;
  readonly assessments: () => Promise<readonly AssessmentView[]>;
  readonly health: () => { readonly version: number; readonly rules: readonly RuleHealthView[] };
}

export interface RuleRoutesDeps {
  readonly rules: RulesApi;
  readonly subscribers: Pick<Subscribers, 'resolveNumber'>;
  readonly clock: Clock;
  readonly numberPlan?: NumberPlan | undefined;
}

const exampleRules = {
  rules: [
    {
      code: 'night_topup',
      on: 'topup',
      when: 'amount >= 30000 && local_hour(occurred_at, zone) < 6',
      points: 'amount / 1000',
      caps: { day: 100 },
      examples: [{ given: { amount: 50_000 }, points: 50 }],
    },
  ],
};

/** The document is checked by the domain, which names rule, line and column of every mistake. */
const documentBody = z
  .record(z.string(), z.unknown())
  .meta({ description: 'rules as in conf/rules-example.yaml' });

const versionParams = z.object({ version: z.coerce.number().int().min(1).max(2_147_483_647) });

const problemsAnswer = z.object({
  problems: z.array(z.object({ path: z.string(), line: z.number(), column: z.number(), reason: z.string() })),
});

const setAnswer = z.object({
  version: z.number(),
  status: z.enum(['draft', 'published', 'retired']),
  author: z.string(),
  createdAt: instantAnswer,
  replayed: z.boolean().meta({ description: 'whether a replay report allows it to be published' }),
  publisher: z.string().nullable(),
  publishedAt: instantAnswer.nullable(),
});

const exampleSet = {
  version: 3,
  status: 'published',
  author: 'marketing',
  createdAt: '2026-01-31T09:00:00.000Z',
  replayed: true,
  publisher: 'marketing-lead',
  publishedAt: '2026-01-31T10:00:00.000Z',
} as const;

/** Writing, checking, trying, replaying, publishing and watching earning rules. */
export function ruleRoutes(deps: RuleRoutesDeps): Route[] {
  return [
    ...writingRoutes(deps),
    ...readingRoutes(deps),
    dryRunRoute(deps),
    ...publishingRoutes(deps),
    ...assessmentRoutes(deps),
  ];
}

function writingRoutes({ rules }: RuleRoutesDeps): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/earning/rule-sets/check',
      scope: 'rules:write',
      summary: 'Everything that is wrong with rules, golden cases included; stores nothing',
      body: documentBody,
      answer: problemsAnswer,
      example: {
        body: exampleRules,
        answer: {
          problems: [{ path: 'rules[0].when', line: 1, column: 1, reason: 'there is no variable amont' }],
        },
      },
      handle: async (_actor, { body }) => ({ problems: [...(await rules.check(body))] }),
    }),
    route({
      method: 'POST',
      path: '/v1/earning/rule-sets',
      scope: 'rules:write',
      summary: 'Store rules as a draft, the next version; sent again, the same draft',
      body: documentBody,
      answer: z.object({ version: z.number() }),
      example: { body: exampleRules, answer: { version: 3 } },
      handle: async (actor, { body }) => ({ version: await rules.draft(actor, body) }),
    }),
  ];
}

function readingRoutes({ rules }: RuleRoutesDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/earning/rule-sets',
      scope: 'rules:read',
      summary: 'Versions of the rules, newest first',
      answer: z.object({ ruleSets: z.array(setAnswer) }),
      example: { answer: { ruleSets: [exampleSet] } },
      handle: async () => ({ ruleSets: (await rules.list()).map(shownSet) }),
    }),
    route({
      method: 'GET',
      path: '/v1/earning/rule-sets/:version',
      scope: 'rules:read',
      summary: 'One version with its rules and its replay report',
      params: versionParams,
      answer: setAnswer.extend({ document: z.unknown(), replay: z.unknown() }),
      example: { params: { version: '3' }, answer: { ...exampleSet, document: exampleRules, replay: null } },
      handle: async (_actor, { params: { version } }) => {
        const found = await rules.get(version);
        return { ...shownSet(found), document: found.document, replay: found.replay };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/earning/rules',
      scope: 'rules:read',
      summary: 'The rules in force and how they fare: evaluations, failures, breaker',
      answer: z.object({
        version: z.number().meta({ description: '0: the rates of the configuration' }),
        rules: z.array(
          z.object({
            rule: z.string(),
            on: z.string(),
            state: z.enum(['closed', 'open', 'probing']).meta({ description: 'open: it failed and rests' }),
            evaluations: z.number(),
            failures: z.number(),
            lastFailure: z.string().optional(),
          }),
        ),
      }),
      example: {
        answer: {
          version: 3,
          rules: [{ rule: 'night_topup', on: 'topup', state: 'closed', evaluations: 120, failures: 0 }],
        },
      },
      handle: () => {
        const { version, rules: shown } = rules.health();
        return Promise.resolve({
          version,
          rules: shown.map(({ rule, on, state, evaluations, failures, lastFailure }) => ({
            ...{ rule, on, state, evaluations, failures },
            ...(lastFailure !== undefined && { lastFailure }),
          })),
        });
      },
    }),
  ];
}

function dryRunRoute({ rules, subscribers, clock, numberPlan }: RuleRoutesDeps): Route {
  return route({
    method: 'POST',
    path: '/v1/earning/dry-run',
    scope: 'rules:read',
    summary: 'What an event of a subscriber would earn, rule by rule; nothing is booked',
    body: z.strictObject({
      msisdn: msisdnField(numberPlan),
      version: z.int().min(1).optional().meta({ description: 'absent: the version in force' }),
      event: z.strictObject({
        type: z.string().regex(/^[a-z][a-z0-9_.]{0,39}$/),
        amount: z.strictObject({ minor: z.string().regex(/^\d{1,18}$/), currency: currencyField }).optional(),
        occurredAt: instantField.optional(),
        partner: z.string().max(64).default(''),
        labels: z.array(z.string().max(40)).max(16).default([]),
      }),
    }),
    answer: z.object({
      version: z.number(),
      points: pointsAnswer,
      rules: z.array(
        z.object({
          rule: z.string(),
          outcome: z.string(),
          points: pointsAnswer,
          detail: z.string().optional(),
        }),
      ),
    }),
    example: {
      body: {
        msisdn: '79160000001',
        version: 3,
        event: { type: 'topup', amount: { minor: '50000', currency: 'RUB' } },
      },
      answer: {
        version: 3,
        points: '50',
        rules: [{ rule: 'night_topup', outcome: 'awarded', points: '50' }],
      },
    },
    handle: async (_actor, { body: { msisdn, version, event } }) => {
      const { id } = await getOwner(subscribers, clock, msisdn);
      const { amount, occurredAt = clock.now(), ...rest } = event;
      const tried = {
        ...rest,
        occurredAt,
        minor: BigInt(amount?.minor ?? 0),
        currency: amount?.currency ?? '',
      };
      const result = await rules.dryRun(id, tried, version);
      return {
        version: result.version,
        points: String(result.points),
        rules: result.outcomes.map((one) => ({ ...one, points: String(one.points) })),
      };
    },
  });
}

function publishingRoutes({ rules }: RuleRoutesDeps): Route[] {
  const done = z.object({ version: z.number() });
  const example = { params: { version: '3' }, answer: { version: 3 } };
  return [
    route({
      method: 'POST',
      path: '/v1/earning/rule-sets/:version/replay',
      scope: 'rules:write',
      summary: 'What a draft would have given for the events of the last days; needed before it is published',
      params: versionParams,
      body: z.strictObject({ days: z.int().min(1).max(366).default(30) }),
      answer: z.object({ report: z.unknown() }),
      example: {
        params: { version: '3' },
        body: { days: 30 },
        answer: {
          report: { events: 1_200, changed: 14, present: { points: '5000' }, draft: { points: '5700' } },
        },
      },
      handle: async (_actor, { params: { version }, body: { days } }) => ({
        report: await rules.replay(version, days),
      }),
    }),
    route({
      method: 'POST',
      path: '/v1/earning/rule-sets/:version/publish',
      scope: 'rules:publish',
      summary: 'Put a replayed draft in force at once, in place of the version that was',
      params: versionParams,
      answer: done,
      example,
      handle: async (actor, { params: { version } }) => {
        await rules.publish(actor, version);
        return { version };
      },
    }),
    route({
      method: 'POST',
      path: '/v1/earning/rule-sets/:version/retire',
      scope: 'rules:publish',
      summary: 'End the version in force; the rates of the configuration apply again',
      params: versionParams,
      answer: done,
      example,
      handle: async (_actor, { params: { version } }) => {
        await rules.retire(version);
        return { version };
      },
    }),
  ];
}

const exampleRun = {
  ...{ run: 12, version: 3, asOf: '2026-01-31T21:00:00.000Z', state: 'done' },
  ...{ members: '100000', refused: '2', points: '1534000', failures: '0' },
} as const;

function assessmentRoutes({ rules, clock }: RuleRoutesDeps): Route[] {
  const count = z.string().regex(/^\d+$/);
  const runAnswer = z.object({
    ...{ run: z.number(), version: z.number(), asOf: instantAnswer, state: z.enum(['running', 'done']) },
    ...{ members: count, refused: count, points: pointsAnswer, failures: count },
  });
  return [
    route({
      method: 'POST',
      path: '/v1/earning/assessments',
      scope: 'rules:publish',
      summary: 'Assess all members as of a moment, in the background; one run for each moment',
      body: z.strictObject({ asOf: instantField.optional() }),
      answer: z.object({ run: z.number() }),
      example: { body: { asOf: '2026-02-01T00:00:00+03:00' }, answer: { run: 12 } },
      handle: async (actor, { body: { asOf } }) => {
        const at = asOf ?? clock.now();
        if (at > clock.now()) throw new Refusal('event_in_future');
        return { run: await rules.assess(actor, at) };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/earning/assessments',
      scope: 'rules:read',
      summary: 'Assessment runs, newest first',
      answer: z.object({ runs: z.array(runAnswer) }),
      example: { answer: { runs: [exampleRun] } },
      handle: async () => ({
        runs: (await rules.assessments()).map(({ asOf, members, refused, points, failures, ...rest }) => ({
          ...rest,
          asOf: isoOf(asOf),
          ...{ members: String(members), refused: String(refused) },
          ...{ points: String(points), failures: String(failures) },
        })),
      }),
    }),
  ];
}

function shownSet({
  version,
  status,
  author,
  createdAt,
  replayed,
  publisher,
  publishedAt,
}: RuleSetView): z.input<typeof setAnswer> {
  return {
    ...{ version, status, author, replayed, publisher },
    createdAt: isoOf(createdAt),
    publishedAt: publishedAt === null ? null : isoOf(publishedAt),
  };
}
