import { z } from 'zod';
import { Refusal } from '../../errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { LifecycleAnswer, LifecycleRequest, Subscriber } from '../../subscribers/subscriber.ts';
import type { Subscribers } from '../../subscribers/subscribers.ts';
import type { Msisdn, NumberPlan } from '../../values/msisdn.ts';
import { instantAnswer, isoOf, languageField, msisdnAnswer, msisdnField, zoneField } from './fields.ts';
import { route, type ApiActor, type Route } from './route.ts';

export interface SubscriberRoutesDeps {
  readonly subscribers: Subscribers;
  readonly clock: Clock;
  readonly numberPlan?: NumberPlan | undefined;
}

const EXAMPLE = '79160000001';
const params = { msisdn: EXAMPLE };

const subscriberAnswer = z.object({
  id: z.string().meta({ description: 'stays the same when the number changes' }),
  msisdn: msisdnAnswer,
  language: languageField,
  zone: z.string(),
  status: z.enum(['active', 'suspended', 'terminated']),
  pinSet: z.boolean(),
  registeredAt: instantAnswer,
});

const eventAnswer = z.object({
  subscriberId: z.string().meta({ description: 'the new owner after a change of owner' }),
  replayed: z.boolean().meta({ description: 'true when this key was used before: nothing was changed now' }),
});

const eventExample = { subscriberId: '4711', replayed: false };

/** Registration, enquiry, settings and lifecycle of subscribers, by their present number. */
export function subscriberRoutes(deps: SubscriberRoutesDeps): Route[] {
  return [...recordRoutes(deps), ...lifecycleRoutes(deps), pinRoute(deps)];
}

function recordRoutes({ subscribers, clock, numberPlan }: SubscriberRoutesDeps): Route[] {
  const number = z.object({ msisdn: msisdnField(numberPlan) });
  return [
    route({
      method: 'POST',
      path: '/v1/subscribers',
      scope: 'subscribers:write',
      summary: 'Register a subscriber with an empty wallet, whoever had the number before',
      idempotent: true,
      body: z.strictObject({ msisdn: msisdnField(numberPlan), language: languageField, zone: zoneField }),
      answer: eventAnswer,
      example: { body: { msisdn: EXAMPLE, language: 'ru', zone: 'Europe/Moscow' }, answer: eventExample },
      handle: async (actor, { body, idempotencyKey }) =>
        shown(await subscribers.register(requestOf(actor, idempotencyKey), body)),
    }),
    route({
      method: 'GET',
      path: '/v1/subscribers/:msisdn',
      scope: 'subscribers:read',
      summary: 'The subscriber who has this number now',
      params: number,
      answer: subscriberAnswer,
      example: {
        params,
        answer: {
          id: '4711',
          msisdn: EXAMPLE,
          language: 'ru',
          zone: 'Europe/Moscow',
          status: 'active',
          pinSet: true,
          registeredAt: '2026-01-31T09:00:00.000Z',
        },
      },
      handle: async (_actor, { params: { msisdn } }) => {
        const { id, registeredAt, ...found } = await getOwner(subscribers, clock, msisdn);
        return { ...found, id: String(id), msisdn, registeredAt: isoOf(registeredAt) };
      },
    }),
    route({
      method: 'PATCH',
      path: '/v1/subscribers/:msisdn',
      scope: 'subscribers:write',
      summary: 'Change language or time zone',
      idempotent: true,
      params: number,
      body: z
        .strictObject({ language: languageField.optional(), zone: zoneField.optional() })
        .refine(
          ({ language, zone }) => language !== undefined || zone !== undefined,
          'send language, zone or both',
        ),
      answer: eventAnswer,
      example: { params, body: { language: 'en' }, answer: eventExample },
      handle: async (actor, { params: { msisdn }, body, idempotencyKey }) =>
        shown(await subscribers.changeSettings(requestOf(actor, idempotencyKey), msisdn, body)),
    }),
  ];
}

/** What happens to a subscriber: each a POST without a body, or with what the event needs. */
function lifecycleRoutes({ subscribers, numberPlan }: SubscriberRoutesDeps): Route[] {
  const number = z.object({ msisdn: msisdnField(numberPlan) });
  const plain = (
    name: string,
    summary: string,
    perform: (request: LifecycleRequest, msisdn: Msisdn) => Promise<LifecycleAnswer>,
  ): Route =>
    route({
      method: 'POST',
      path: `/v1/subscribers/:msisdn/${name}`,
      scope: 'subscribers:write',
      summary,
      idempotent: true,
      params: number,
      answer: eventAnswer,
      example: { params, answer: eventExample },
      handle: async (actor, { params: { msisdn }, idempotencyKey }) =>
        shown(await perform(requestOf(actor, idempotencyKey), msisdn)),
    });

  return [
    plain('suspend', 'Stop a subscriber for a while; number, points and PIN stay', subscribers.suspend),
    plain('resume', 'Let a suspended subscriber go on', subscribers.resume),
    plain(
      'terminate',
      'End a subscriber; a later owner of the number inherits nothing',
      subscribers.terminate,
    ),
    plain('port-out', 'End a subscriber whose number moves to another network', subscribers.portOut),
    route({
      method: 'POST',
      path: '/v1/subscribers/:msisdn/change-number',
      scope: 'subscribers:write',
      summary: 'Give the same person another number; points and PIN stay',
      idempotent: true,
      params: number,
      body: z.strictObject({ to: msisdnField(numberPlan) }),
      answer: eventAnswer,
      example: { params, body: { to: '79160000002' }, answer: eventExample },
      handle: async (actor, { params: { msisdn }, body, idempotencyKey }) =>
        shown(await subscribers.changeNumber(requestOf(actor, idempotencyKey), msisdn, body.to)),
    }),
    route({
      method: 'POST',
      path: '/v1/subscribers/:msisdn/change-owner',
      scope: 'subscribers:write',
      summary: 'Give the number to another person, who starts with nothing',
      idempotent: true,
      params: number,
      body: z.strictObject({ language: languageField.optional(), zone: zoneField.optional() }),
      answer: eventAnswer,
      example: { params, body: { language: 'en', zone: 'Europe/Moscow' }, answer: eventExample },
      handle: async (actor, { params: { msisdn }, body, idempotencyKey }) =>
        shown(await subscribers.changeOwner(requestOf(actor, idempotencyKey), msisdn, body)),
    }),
  ];
}

function pinRoute({ subscribers, clock, numberPlan }: SubscriberRoutesDeps): Route {
  return route({
    method: 'PUT',
    path: '/v1/subscribers/:msisdn/pin',
    scope: 'subscribers:write',
    summary: 'Set the PIN that IVR and SMS ask for; ends a lock-out',
    params: z.object({ msisdn: msisdnField(numberPlan) }),
    body: z.strictObject({ pin: z.string().max(16) }),
    answer: z.object({ pinSet: z.literal(true) }),
    example: { params, body: { pin: '2580' }, answer: { pinSet: true } },
    handle: async (_actor, { params: { msisdn }, body }) => {
      const { id } = await getOwner(subscribers, clock, msisdn);
      await subscribers.setPin(id, body.pin);
      return { pinSet: true as const };
    },
  });
}

/** The subscriber with this number now. @throws Refusal `subscriber_unknown` */
export async function getOwner(
  subscribers: Pick<Subscribers, 'resolveNumber'>,
  clock: Clock,
  msisdn: Msisdn,
): Promise<Subscriber> {
  const owner = await subscribers.resolveNumber(msisdn, clock.now());
  if (owner === undefined) throw new Refusal('subscriber_unknown');
  return owner;
}

/** Keys are the client's own: two tokens may choose the same. */
function requestOf(actor: ApiActor, idempotencyKey: string): LifecycleRequest {
  return { eventId: `api:${actor.name}:${idempotencyKey}`, actor: actor.name, trace: actor.trace };
}

function shown({ subscriberId, replayed }: LifecycleAnswer): z.input<typeof eventAnswer> {
  return { subscriberId: String(subscriberId), replayed };
}
