import { z } from 'zod';
import { priceListDraft, type PriceListDraft } from '../../price-list/draft.ts';
import type { PriceList } from '../../price-list/price-list.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Subscribers } from '../../subscribers/subscribers.ts';
import type { NumberPlan } from '../../values/msisdn.ts';
import type { OrderView } from '../command.ts';
import { instantAnswer, isoOf, msisdnField, pointsAnswer } from './fields.ts';
import { route, type Route } from './route.ts';
import { getOwner } from './subscribers.ts';

export interface CatalogueRoutesDeps {
  readonly catalogue: {
    current(): PriceList;
    /** Puts another list in force; answers its version. */
    publish(draft: PriceListDraft): Promise<number>;
  };
  readonly orders: (subscriberId: bigint) => Promise<readonly OrderView[]>;
  readonly subscribers: Pick<Subscribers, 'resolveNumber'>;
  readonly clock: Clock;
  readonly numberPlan?: NumberPlan | undefined;
}

const name = z.object({ en: z.string(), ru: z.string() });
const coffee = { en: 'Coffee', ru: 'Кофе' };

/** What points buy, and what a subscriber has ordered. */
export function catalogueRoutes(deps: CatalogueRoutesDeps): Route[] {
  return [showRoute(deps), publishRoute(deps), ordersRoute(deps)];
}

function showRoute({ catalogue }: CatalogueRoutesDeps): Route {
  return route({
    method: 'GET',
    path: '/v1/catalogue',
    scope: 'catalogue:read',
    summary: 'What is for sale now, at the prices of now',
    answer: z.object({
      version: z.int(),
      items: z.array(
        z.object({ number: z.int(), code: z.string(), kind: z.string(), name, points: pointsAnswer }),
      ),
    }),
    example: {
      answer: {
        version: 3,
        items: [{ number: 1, code: 'coffee', kind: 'voucher', name: coffee, points: '80' }],
      },
    },
    handle: () => {
      const { version, items } = catalogue.current();
      const shown = items.map(({ number, code, kind, name: called, points }) => ({
        number,
        code,
        kind,
        name: called,
        points: String(points),
      }));
      return Promise.resolve({ version, items: shown });
    },
  });
}

function publishRoute({ catalogue }: CatalogueRoutesDeps): Route {
  return route({
    method: 'PUT',
    path: '/v1/catalogue',
    scope: 'catalogue:write',
    summary: 'Put another price list in force; quotes made from the old one are refused with the new price',
    body: priceListDraft,
    answer: z.object({ version: z.int() }),
    example: {
      body: {
        items: [{ code: 'coffee', name: coffee, kind: 'voucher', points: 80, voucherPattern: 'CF-####' }],
      },
      answer: { version: 4 },
    },
    handle: async (_actor, { body }) => ({ version: await catalogue.publish(body) }),
  });
}

function ordersRoute({ orders, subscribers, clock, numberPlan }: CatalogueRoutesDeps): Route {
  return route({
    method: 'GET',
    path: '/v1/subscribers/:msisdn/orders',
    scope: 'ledger:read',
    summary: 'The latest orders of a subscriber, newest first',
    params: z.object({ msisdn: msisdnField(numberPlan) }),
    answer: z.object({
      orders: z.array(
        z.object({
          name,
          points: pointsAnswer,
          at: instantAnswer,
          state: z.enum(['waiting', 'fulfilled', 'cancelled', 'failed']),
          cancelUntil: instantAnswer.optional(),
        }),
      ),
    }),
    example: {
      params: { msisdn: '79160000001' },
      answer: {
        orders: [{ name: coffee, points: '80', at: '2026-01-31T09:00:00.000Z', state: 'fulfilled' }],
      },
    },
    handle: async (_actor, { params: { msisdn } }) => {
      const { id } = await getOwner(subscribers, clock, msisdn);
      return { orders: (await orders(id)).map(shownOrder) };
    },
  });
}

function shownOrder({ name: called, points, at, state, cancelUntil }: OrderView) {
  return {
    name: called,
    points: String(points),
    at: isoOf(at),
    state,
    ...(cancelUntil !== undefined && { cancelUntil: isoOf(cancelUntil) }),
  };
}
