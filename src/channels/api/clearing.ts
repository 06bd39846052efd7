import { z } from 'zod';
import type { Batch } from '../../clearing/batch-store.ts';
import type { Clearing } from '../../clearing/clearing.ts';
import { instant } from '../../values/instant.ts';
import {
  linesAnswer,
  linesExample,
  minorField,
  pageQuery,
  periodParams,
  reasonField,
  shownLines,
  shownStatement,
  statementAnswer,
  statementExample,
} from './clearing-fields.ts';
import { instantAnswer, isoOf, pointsAnswer } from './fields.ts';
import { partnerCode } from './partner-fields.ts';
import { monthField } from './reports.ts';
import { route, type Route } from './route.ts';

const micro = z.string().meta({ description: 'millionths of a minor unit' });

const batchAnswer = z.object({
  period: monthField,
  poolMicro: micro.meta({ description: 'paid in less paid out since the beginning' }),
  reserveMicro: micro.meta({ description: 'what the points that are out may still cost' }),
  debtMicro: micro.meta({ description: 'what members owe' }),
  marginMicro: micro.meta({ description: "the programme's own: pool = reserve - debt + margin" }),
  closedBy: z.string(),
  closedAt: instantAnswer,
});

const positionAnswer = z.object({
  issuer: z.int(),
  issued: pointsAnswer,
  redeemed: pointsAnswer,
  expired: pointsAnswer,
  outstanding: pointsAnswer,
});

export function shownBatch({ period, balance, closedBy, closedAt }: Batch): z.input<typeof batchAnswer> {
  return {
    period,
    poolMicro: String(balance.poolMicro),
    reserveMicro: String(balance.reserveMicro),
    debtMicro: String(balance.debtMicro),
    marginMicro: String(balance.marginMicro),
    ...{ closedBy, closedAt: isoOf(instant(closedAt)) },
  };
}

const batchExample = {
  ...{ period: '2026-01', poolMicro: '96000000000', reserveMicro: '65000000000', debtMicro: '0' },
  ...{ marginMicro: '31000000000', closedBy: 'jobs', closedAt: '2026-02-04T00:10:00.000Z' },
} as const;

const params = { period: '2026-01' };
const ofPartner = z.object({ period: monthField, partner: partnerCode });
const ofPartnerExample = { period: '2026-01', partner: 'books' };

/** Settlement, for staff: months are closed for ever, statements confirmed and paid, mistakes corrected in the next month. */
export function clearingRoutes({ clearing }: { readonly clearing: Clearing }): Route[] {
  return [...periodRoutes(clearing), ...statementRoutes(clearing), correctionRoute(clearing)];
}

function periodRoutes(clearing: Clearing): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/clearing',
      scope: 'partners:read',
      summary: 'Closed months, latest first',
      answer: z.object({ periods: z.array(batchAnswer) }),
      example: { answer: { periods: [batchExample] } },
      handle: async () => ({ periods: (await clearing.list()).map(shownBatch) }),
    }),
    route({
      method: 'POST',
      path: '/v1/clearing',
      scope: 'partners:write',
      summary: 'Close a month that is over; closing it again changes nothing',
      body: z.strictObject({ period: monthField }),
      answer: batchAnswer,
      example: { body: { period: '2026-01' }, answer: batchExample },
      handle: async (actor, { body }) => shownBatch(await clearing.close(body.period, actor.name)),
    }),
    route({
      method: 'GET',
      path: '/v1/clearing/:period',
      scope: 'partners:read',
      summary: 'A closed month: the pool, and what became of the points of each issuer',
      params: periodParams,
      answer: batchAnswer.extend({ positions: z.array(positionAnswer) }),
      example: {
        params,
        answer: {
          ...batchExample,
          positions: [{ issuer: 0, issued: '6000', redeemed: '4500', expired: '0', outstanding: '1500' }],
        },
      },
      handle: async (_actor, input) => {
        const { positions, ...batch } = await clearing.show(input.params.period);
        return {
          ...shownBatch(batch),
          positions: positions.map(({ issuer, issued, redeemed, expired, outstanding }) => ({
            ...{ issuer, issued: String(issued), redeemed: String(redeemed), expired: String(expired) },
            outstanding: String(outstanding),
          })),
        };
      },
    }),
  ];
}

function statementRoutes(clearing: Clearing): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/clearing/:period/statements/:partner',
      scope: 'partners:read',
      summary: 'What a partner pays or is paid for a month',
      params: ofPartner,
      answer: statementAnswer,
      example: { params: ofPartnerExample, answer: statementExample },
      handle: async (_actor, input) =>
        shownStatement(await clearing.statement(input.params.period, input.params.partner)),
    }),
    route({
      method: 'GET',
      path: '/v1/clearing/:period/statements/:partner/lines',
      scope: 'partners:read',
      summary: 'The lines of a statement, in order',
      params: ofPartner,
      query: pageQuery,
      answer: linesAnswer,
      example: { params: ofPartnerExample, query: { after: '0', limit: '200' }, answer: linesExample },
      handle: async (_actor, { params: { period, partner }, query: { after, limit } }) => {
        const statement = await clearing.statement(period, partner);
        return shownLines(await clearing.lines(statement, after, limit + 1), limit);
      },
    }),
    route({
      method: 'POST',
      path: '/v1/clearing/:period/statements/:partner/state',
      scope: 'partners:write',
      summary: 'Confirm or dispute a statement for a partner, or note that it was paid',
      params: ofPartner,
      body: z.strictObject({ state: z.enum(['confirmed', 'disputed', 'paid']), reason: reasonField }),
      answer: statementAnswer,
      example: {
        params: ofPartnerExample,
        body: { state: 'confirmed', reason: 'letter of 5 February' },
        answer: { ...statementExample, state: 'confirmed', reason: 'letter of 5 February' },
      },
      handle: async (actor, { params: { period, partner }, body }) =>
        shownStatement(await clearing.decide(period, partner, actor.name, body)),
    }),
  ];
}

function correctionRoute(clearing: Clearing): Route {
  return route({
    method: 'POST',
    path: '/v1/partners/:partner/corrections',
    scope: 'partners:write',
    summary: 'Correct a closed month by a line of the next one',
    idempotent: true,
    params: z.object({ partner: partnerCode }),
    body: z.strictObject({
      about: z.string().min(1).max(64).meta({ description: 'what is corrected, for example 2026-01' }),
      amountMinor: minorField.refine((minor) => minor !== 0n, 'a correction is not zero'),
      reason: reasonField,
    }),
    answer: z.object({ replayed: z.boolean() }),
    example: {
      params: { partner: 'books' },
      body: { about: '2026-01', amountMinor: '-1234', reason: 'agreed by letter' },
      answer: { replayed: false },
    },
    handle: (actor, { params: { partner }, body, idempotencyKey }) =>
      clearing.correct(partner, actor.name, { ...body, key: `${actor.name} ${idempotencyKey}` }),
  });
}
