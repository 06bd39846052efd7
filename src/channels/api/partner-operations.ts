import { z } from 'zod';
import { Refusal } from '../../errors.ts';
import type { PartnerApi } from '../../partners/partner-api.ts';
import { SECOND_MS, instant } from '../../values/instant.ts';
import type { NumberPlan } from '../../values/msisdn.ts';
import { currencyField, instantAnswer, instantField, isoOf, msisdnField, pointsAnswer } from './fields.ts';
import { positive } from './partner-fields.ts';
import { partnerRoute, type PartnerRoute } from './route.ts';

export interface PartnerOperationRoutesDeps {
  readonly partnerApi: PartnerApi;
  readonly numberPlan?: NumberPlan | undefined;
}

const ownId = z
  .string()
  .regex(/^[\x21-\x2e\x30-\x7e]{1,64}$/, '1 to 64 printable characters without spaces or slashes')
  .meta({
    description: 'your own number of it, for ever; the same again with the same content changes nothing',
  });
const minor = z
  .string()
  .regex(/^\d{1,15}$/, 'minor units in a string, for example "12550"')
  .transform(BigInt);

/** What a partner's systems call, signed. A partner sees and touches nothing but its own operations. */
export function partnerOperationRoutes(deps: PartnerOperationRoutesDeps): PartnerRoute[] {
  return [
    ...purchaseRoutes(deps),
    purchaseRefundRoute(deps),
    ...holdRoutes(deps),
    ...endRoutes(deps),
    holdRefundRoute(deps),
    prepaidRoute(deps),
  ];
}

function purchaseRoutes({ partnerApi, numberPlan }: PartnerOperationRoutesDeps): PartnerRoute[] {
  const params = { id: 'receipt-4711' };
  return [
    partnerRoute({
      auth: 'partner',
      method: 'POST',
      path: '/partner/v1/purchases',
      summary: 'A member bought something: gives points for what was paid in money',
      body: z.strictObject({
        id: ownId,
        msisdn: msisdnField(numberPlan),
        amount: z.strictObject({ minor, currency: currencyField }),
        occurredAt: instantField,
      }),
      answer: z.object({ id: z.string(), points: pointsAnswer, replayed: z.boolean() }),
      example: {
        body: {
          id: 'receipt-4711',
          msisdn: '79160000001',
          amount: { minor: '12550', currency: 'RUB' },
          occurredAt: '2026-01-31T12:00:00+03:00',
        },
        answer: { id: 'receipt-4711', points: '125', replayed: false },
      },
      handle: async (actor, { body }) => {
        const { points, replayed } = await discreet(partnerApi.purchase(actor, body));
        return { id: body.id, points: String(points), replayed };
      },
    }),
    partnerRoute({
      auth: 'partner',
      method: 'GET',
      path: '/partner/v1/purchases/:id',
      summary: 'One of your purchases',
      params: z.object({ id: ownId }),
      answer: z.object({
        id: z.string(),
        points: pointsAnswer,
        minor: z.string(),
        refundedMinor: z.string(),
        occurredAt: instantAnswer,
      }),
      example: {
        params,
        answer: {
          id: 'receipt-4711',
          points: '125',
          minor: '12550',
          refundedMinor: '0',
          occurredAt: '2026-01-31T09:00:00.000Z',
        },
      },
      handle: async (actor, { params: { id } }) => {
        const found = await partnerApi.showPurchase(actor, id);
        return {
          id,
          points: String(found.points),
          minor: String(found.minor),
          refundedMinor: String(found.refundedMinor),
          occurredAt: isoOf(instant(found.occurredAt)),
        };
      },
    }),
  ];
}

function purchaseRefundRoute({ partnerApi }: PartnerOperationRoutesDeps): PartnerRoute {
  const params = { id: 'receipt-4711' };
  return partnerRoute({
    auth: 'partner',
    method: 'POST',
    path: '/partner/v1/purchases/:id/refunds',
    summary: 'Goods came back: takes back the points that the rest of the purchase does not earn',
    params: z.object({ id: ownId }),
    body: z.strictObject({ id: ownId, minor: minor.refine((value) => value > 0n, 'more than nothing') }),
    answer: z.object({ id: z.string(), points: pointsAnswer, replayed: z.boolean() }),
    example: {
      params,
      body: { id: 'return-17', minor: '2550' },
      answer: { id: 'return-17', points: '25', replayed: false },
    },
    handle: async (actor, { params: { id: purchase }, body }) => {
      const { points, replayed } = await discreet(partnerApi.refundPurchase(actor, { ...body, purchase }));
      return { id: body.id, points: String(points), replayed };
    },
  });
}

const endedAnswer = z.object({
  id: z.string(),
  captured: pointsAnswer,
  released: pointsAnswer,
  replayed: z.boolean(),
});

function holdRoutes({ partnerApi, numberPlan }: PartnerOperationRoutesDeps): PartnerRoute[] {
  return [
    partnerRoute({
      auth: 'partner',
      method: 'POST',
      path: '/partner/v1/holds',
      summary:
        'Set points of a member aside for an order; they return by themselves when nothing is captured',
      body: z.strictObject({
        id: ownId,
        msisdn: msisdnField(numberPlan),
        points: positive,
        ttlSeconds: z.int().min(10).max(2_592_000).optional(),
      }),
      answer: z.object({
        id: z.string(),
        points: pointsAnswer,
        expiresAt: instantAnswer.optional(),
        replayed: z.boolean(),
      }),
      example: {
        body: { id: 'order-815', msisdn: '79160000001', points: '300', ttlSeconds: 900 },
        answer: { id: 'order-815', points: '300', expiresAt: '2026-01-31T09:15:00.000Z', replayed: false },
      },
      handle: async (actor, { body: { ttlSeconds, ...body } }) => {
        const ttlMs = ttlSeconds === undefined ? undefined : ttlSeconds * SECOND_MS;
        const { points, expiresAt, replayed } = await discreet(
          partnerApi.authorise(actor, { ...body, ttlMs }),
        );
        return {
          id: body.id,
          points: String(points),
          ...(expiresAt !== undefined && { expiresAt: isoOf(instant(expiresAt)) }),
          replayed,
        };
      },
    }),
  ];
}

function endRoutes({ partnerApi }: PartnerOperationRoutesDeps): PartnerRoute[] {
  const holdId = z.object({ id: ownId });
  const params = { id: 'order-815' };
  return [
    partnerRoute({
      auth: 'partner',
      method: 'POST',
      path: '/partner/v1/holds/:id/capture',
      summary: 'Take up to the held points for good, once; the rest returns to the member',
      params: holdId,
      body: z.strictObject({ points: positive }),
      answer: endedAnswer,
      example: {
        params,
        body: { points: '250' },
        answer: { id: 'order-815', captured: '250', released: '50', replayed: false },
      },
      handle: async (actor, { params: { id }, body: { points } }) =>
        shownEnd(id, await discreet(partnerApi.capture(actor, id, points))),
    }),
    partnerRoute({
      auth: 'partner',
      method: 'POST',
      path: '/partner/v1/holds/:id/void',
      summary: 'Give the held points back',
      params: holdId,
      answer: endedAnswer,
      example: { params, answer: { id: 'order-815', captured: '0', released: '300', replayed: false } },
      handle: async (actor, { params: { id } }) =>
        shownEnd(id, await discreet(partnerApi.voidHold(actor, id))),
    }),
  ];
}

function holdRefundRoute({ partnerApi }: PartnerOperationRoutesDeps): PartnerRoute {
  return partnerRoute({
    auth: 'partner',
    method: 'POST',
    path: '/partner/v1/holds/:id/refunds',
    summary: 'Return captured points; lapsed ones live again for a while unless it was the customer',
    params: z.object({ id: ownId }),
    body: z.strictObject({ id: ownId, points: positive, fault: z.enum(['customer', 'partner']) }),
    answer: z.object({
      id: z.string(),
      points: pointsAnswer,
      lapsed: pointsAnswer.optional(),
      replayed: z.boolean(),
    }),
    example: {
      params: { id: 'order-815' },
      body: { id: 'return-18', points: '100', fault: 'partner' },
      answer: { id: 'return-18', points: '100', lapsed: '0', replayed: false },
    },
    handle: async (actor, { params: { id: hold }, body }) => {
      const refund = await discreet(partnerApi.refundHold(actor, { ...body, hold }));
      const { points, lapsed, replayed } = refund;
      return {
        id: body.id,
        points: String(points),
        ...(lapsed !== undefined && { lapsed: String(lapsed) }),
        replayed,
      };
    },
  });
}

function prepaidRoute({ partnerApi }: PartnerOperationRoutesDeps): PartnerRoute {
  return partnerRoute({
    auth: 'partner',
    method: 'GET',
    path: '/partner/v1/prepaid',
    summary: 'Points that you bought in advance and have not given yet',
    answer: z.object({ points: pointsAnswer }),
    example: { answer: { points: '98750' } },
    handle: async (actor) => ({ points: String(await partnerApi.prepaid(actor)) }),
  });
}

function shownEnd(
  id: string,
  { captured, released, replayed }: Awaited<ReturnType<PartnerApi['capture']>>,
): z.input<typeof endedAnswer> {
  return { id, captured: String(captured), released: String(released), replayed };
}

/** A partner learns that points do not suffice, not how many a member has. */
async function discreet<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { available: _available, ...detail } = error.detail;
    throw new Refusal(error.code, detail);
  }
}
