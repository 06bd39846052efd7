import { z } from 'zod';
import { Refusal, type RefusalCode } from '../../errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Subscribers } from '../../subscribers/subscribers.ts';
import type { NumberPlan } from '../../values/msisdn.ts';
import { findMsisdn } from '../../values/msisdn.ts';
import { instantField, isoOf, instantAnswer, msisdnField } from './fields.ts';
import { route, type ApiActor, type Route } from './route.ts';
import { getOwner } from './subscribers.ts';

export interface ParameterView {
  readonly code: string;
  readonly type: 'int' | 'bool' | 'string';
  readonly unit: string;
  readonly source: string;
  readonly description: string;
}

/** One told value; its subscriber is resolved. */
export interface ParameterTold {
  readonly subscriber: bigint;
  readonly code: string;
  readonly asOf: number;
  readonly value: string;
}

/** Loyalty parameters as the daemon gives them to the API. */
export interface ParametersApi {
  readonly list: () => Promise<readonly ParameterView[]>;
  readonly define: (definition: ParameterView) => Promise<void>;
  /** In order; the refusal of each value that was not stored. */
  readonly record: (
    actor: ApiActor,
    told: readonly ParameterTold[],
  ) => Promise<readonly (RefusalCode | undefined)[]>;
  /** Values as of a moment, as text, by code. */
  readonly valuesOf: (subscriber: bigint, at: number) => Promise<Readonly<Record<string, string>>>;
}

export interface ParameterRoutesDeps {
  readonly parameters: ParametersApi;
  readonly subscribers: Pick<Subscribers, 'resolveNumber'>;
  readonly clock: Clock;
  readonly numberPlan?: NumberPlan | undefined;
}

const VALUES_MAX = 1_000;

const codeField = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, 'a lower-case name, for example average_spend');

const definitionBody = z.strictObject({
  type: z.enum(['int', 'bool', 'string']),
  unit: z.string().max(60).default(''),
  source: z.string().max(60).default(''),
  description: z.string().max(200).default(''),
});

const definitionAnswer = definitionBody.required().extend({ code: z.string() });

const average = {
  code: 'average_spend',
  type: 'int',
  unit: 'minor units of money',
  source: 'billing',
  description: 'average monthly spend of the last three months',
} as const;

const valueBody = z.strictObject({
  msisdn: z.string().max(32).meta({ description: 'phone number of the subscriber, E.164 digits' }),
  code: codeField,
  asOf: instantField,
  value: z
    .union([z.int(), z.boolean(), z.string().max(100)])
    .transform(String)
    .meta({ description: 'whole numbers may come as decimal text' }),
});

/** Definitions of parameters, and values told of members in batches. */
export function parameterRoutes(deps: ParameterRoutesDeps): Route[] {
  return [...definitionRoutes(deps), batchRoute(deps), valuesRoute(deps)];
}

function definitionRoutes({ parameters }: ParameterRoutesDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/parameters',
      scope: 'rules:read',
      summary: 'Loyalty parameters that rules can read',
      answer: z.object({ parameters: z.array(definitionAnswer) }),
      example: { answer: { parameters: [average] } },
      handle: async () => ({ parameters: [...(await parameters.list())] }),
    }),
    route({
      method: 'PUT',
      path: '/v1/parameters/:code',
      scope: 'rules:write',
      summary: 'Define a parameter; its type can never change',
      params: z.object({ code: codeField }),
      body: definitionBody,
      answer: definitionAnswer,
      example: {
        params: { code: average.code },
        body: {
          type: 'int',
          unit: average.unit,
          source: average.source,
          description: average.description,
        },
        answer: average,
      },
      handle: async (_actor, { params, body }) => {
        const definition = { ...params, ...body };
        await parameters.define(definition);
        return definition;
      },
    }),
  ];
}

function batchRoute({ parameters, subscribers, numberPlan }: ParameterRoutesDeps): Route {
  return route({
    method: 'POST',
    path: '/v1/parameters/batch',
    scope: 'parameters:write',
    summary: `Tell up to ${String(VALUES_MAX)} dated values of members; a value told again changes nothing`,
    body: z.strictObject({ values: z.array(valueBody).min(1).max(VALUES_MAX) }),
    answer: z.object({
      results: z.array(z.object({ status: z.enum(['recorded', 'refused']), code: z.string().optional() })),
    }),
    example: {
      body: {
        values: [
          { msisdn: '79160000001', code: 'average_spend', asOf: '2026-01-31T00:00:00+03:00', value: '50000' },
        ],
      },
      answer: { results: [{ status: 'recorded' }] },
    },
    handle: async (actor, { body: { values } }) => {
      const owners = await Promise.all(
        values.map(async ({ msisdn, asOf }) => {
          const number = findMsisdn(msisdn, numberPlan);
          return number === undefined ? 'msisdn_invalid' : await subscribers.resolveNumber(number, asOf);
        }),
      );
      const told = values.flatMap(({ code, asOf, value }, index) => {
        const owner = owners[index];
        return owner === undefined || owner === 'msisdn_invalid'
          ? []
          : [{ subscriber: owner.id, code, asOf, value }];
      });
      const refusals = told.length === 0 ? [] : [...(await parameters.record(actor, told))];
      return {
        results: owners.map((owner) =>
          shown(
            owner === 'msisdn_invalid'
              ? owner
              : owner === undefined
                ? 'subscriber_unknown'
                : refusals.shift(),
          ),
        ),
      };
    },
  });
}

function shown(code: RefusalCode | undefined) {
  return code === undefined ? { status: 'recorded' as const } : { status: 'refused' as const, code };
}

function valuesRoute({ parameters, subscribers, clock, numberPlan }: ParameterRoutesDeps): Route {
  return route({
    method: 'GET',
    path: '/v1/subscribers/:msisdn/parameters',
    scope: 'rules:read',
    summary: 'Parameters of a subscriber as they were known at a moment',
    params: z.object({ msisdn: msisdnField(numberPlan) }),
    query: z.strictObject({ asOf: instantField.optional() }),
    answer: z.object({ asOf: instantAnswer, values: z.record(z.string(), z.string()) }),
    example: {
      params: { msisdn: '79160000001' },
      query: { asOf: '2026-01-31T12:00:00+03:00' },
      answer: { asOf: '2026-01-31T09:00:00.000Z', values: { average_spend: '50000' } },
    },
    handle: async (_actor, { params: { msisdn }, query: { asOf } }) => {
      const { id } = await getOwner(subscribers, clock, msisdn);
      const at = asOf ?? clock.now();
      if (at > clock.now()) throw new Refusal('event_in_future');
      return { asOf: isoOf(at), values: { ...(await parameters.valuesOf(id, at)) } };
    },
  });
}
