import { z } from 'zod';
import type { PartnerAdmin, PartnerView } from '../../partners/admin.ts';
import type { PartnerKey } from '../../partners/store.ts';
import { instantAnswer, instantField, isoOf, pointsAnswer } from './fields.ts';
import {
  agreementAnswer,
  agreementExample,
  agreementReference,
  keyName,
  partnerCode,
  positive,
  shownAgreement,
  termsBody,
  termsExample,
} from './partner-fields.ts';
import { route, type Route } from './route.ts';

export interface PartnerRoutesDeps {
  readonly partners: PartnerAdmin;
}

const params = { partner: 'books' };
const partner = z.object({ partner: partnerCode });

const partnerAnswer = z.object({ code: z.string(), name: z.string(), blocked: z.boolean() });
const keyAnswer = z.object({
  id: z.string(),
  createdAt: instantAnswer,
  revokedAt: instantAnswer.optional(),
});
const viewAnswer = partnerAnswer.extend({
  agreements: z.array(agreementAnswer),
  keys: z.array(keyAnswer),
  prepaid: pointsAnswer,
});

const books = { code: 'books', name: 'Bookworm', blocked: false };
const madeKey = { id: 'books.2026-a', createdAt: '2026-01-31T09:00:00.000Z' };

/** Partners of the joint programme, for staff: agreements are published, keys handed out, points sold in advance. */
export function partnerRoutes({ partners }: PartnerRoutesDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/partners',
      scope: 'partners:read',
      summary: 'Partners of the programme; `operator` is the operator itself',
      answer: z.object({ partners: z.array(partnerAnswer) }),
      example: { answer: { partners: [books] } },
      handle: async () => ({
        partners: (await partners.list()).map(({ code, name, blocked }) => ({ code, name, blocked })),
      }),
    }),
    route({
      method: 'GET',
      path: '/v1/partners/:partner',
      scope: 'partners:read',
      summary: 'A partner with agreements, keys and prepaid points',
      params: partner,
      answer: viewAnswer,
      example: {
        params,
        answer: { ...books, agreements: [agreementExample], keys: [madeKey], prepaid: '0' },
      },
      handle: async (_actor, input) => {
        const view = await partners.show(input.params.partner);
        return shownPartner(view, await partners.prepaid(view));
      },
    }),
    route({
      method: 'PUT',
      path: '/v1/partners/:partner',
      scope: 'partners:write',
      summary: 'Add a partner, rename it, block or release it',
      params: partner,
      body: z.strictObject({ name: z.string().min(1).max(100), blocked: z.boolean().default(false) }),
      answer: partnerAnswer,
      example: { params, body: { name: 'Bookworm' }, answer: books },
      handle: async (_actor, input) => {
        const { code, name, blocked } = await partners.save({ code: input.params.partner, ...input.body });
        return { code, name, blocked };
      },
    }),
    ...agreementRoutes(partners),
    ...keyRoutes(partners),
    topUpRoute(partners),
  ];
}

function agreementRoutes(partners: PartnerAdmin): Route[] {
  const agreement = partner.extend({ reference: agreementReference });
  const example = { partner: 'books', reference: '2026-01' };
  return [
    route({
      method: 'PUT',
      path: '/v1/partners/:partner/agreements/:reference',
      scope: 'partners:write',
      summary: 'Publish an agreement; terms never change afterwards, only the end may be moved',
      params: agreement,
      body: termsBody,
      answer: agreementAnswer,
      example: { params: example, body: termsExample, answer: agreementExample },
      handle: async (actor, input) =>
        shownAgreement(
          await partners.publish(actor, input.params.partner, input.params.reference, input.body),
        ),
    }),
    route({
      method: 'PUT',
      path: '/v1/partners/:partner/agreements/:reference/end',
      scope: 'partners:write',
      summary: 'End an agreement, or move its end; an end in the past is now',
      params: agreement,
      body: z.strictObject({ validTo: instantField }),
      answer: agreementAnswer,
      example: {
        params: example,
        body: { validTo: '2027-01-01T00:00:00+03:00' },
        answer: agreementExample,
      },
      handle: async (_actor, input) =>
        shownAgreement(await partners.end(input.params.partner, input.params.reference, input.body.validTo)),
    }),
  ];
}

function keyRoutes(partners: PartnerAdmin): Route[] {
  const key = partner.extend({ key: keyName });
  const example = { partner: 'books', key: '2026-a' };
  return [
    route({
      method: 'PUT',
      path: '/v1/partners/:partner/keys/:key',
      scope: 'partners:write',
      summary: 'Make a key; its secret is told this once. Two may be active, for changing over',
      params: key,
      answer: keyAnswer.extend({
        secret: z.string().optional().meta({ description: 'absent when the key was made before' }),
      }),
      example: { params: example, answer: { ...madeKey, secret: 'bgp_Yb0...' } },
      handle: async (actor, input) => {
        const made = await partners.makeKey(actor, input.params.partner, input.params.key);
        return { ...shownKey(made), ...(made.secret !== undefined && { secret: made.secret }) };
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/partners/:partner/keys/:key',
      scope: 'partners:write',
      summary: 'Revoke a key: at once here, within 5 s in other daemons',
      params: key,
      answer: z.object({ revoked: z.literal(true) }),
      example: { params: example, answer: { revoked: true } },
      handle: async (_actor, input) => {
        await partners.revokeKey(input.params.partner, input.params.key);
        return { revoked: true } as const;
      },
    }),
  ];
}

function topUpRoute(partners: PartnerAdmin): Route {
  return route({
    method: 'POST',
    path: '/v1/partners/:partner/prepaid',
    scope: 'partners:write',
    summary: 'Sell the partner points in advance; answers what they cost by the agreement',
    idempotent: true,
    params: partner,
    body: z.strictObject({ points: positive, reason: z.string().min(1).max(200) }),
    answer: z.object({ left: pointsAnswer, dueMinor: z.string(), replayed: z.boolean() }),
    example: {
      params,
      body: { points: '100000', reason: 'invoice 17' },
      answer: { left: '100000', dueMinor: '1200000', replayed: false },
    },
    handle: async (actor, { params: { partner: code }, body, idempotencyKey }) => {
      const { left, dueMinor, replayed } = await partners.topUp(actor, code, { ...body, idempotencyKey });
      return { left: String(left), dueMinor: String(dueMinor), replayed };
    },
  });
}

function shownPartner(view: PartnerView, prepaid: bigint): z.input<typeof viewAnswer> {
  const { code, name, blocked } = view;
  return {
    code,
    name,
    blocked,
    agreements: view.agreements.map(shownAgreement),
    keys: view.keys.map(shownKey),
    prepaid: String(prepaid),
  };
}

function shownKey({ id, createdAt, revokedAt }: PartnerKey): z.input<typeof keyAnswer> {
  return {
    id,
    createdAt: isoOf(createdAt),
    ...(revokedAt !== undefined && { revokedAt: isoOf(revokedAt) }),
  };
}
