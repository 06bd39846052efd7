import { z } from 'zod';
import { Refusal } from '../../errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Subscribers } from '../../subscribers/subscribers.ts';
import type { NumberPlan } from '../../values/msisdn.ts';
import { POINTS_MAX, type Points } from '../../values/points.ts';
import type { BalanceView, HistoryEntry } from '../command.ts';
import { instantAnswer, isoOf, msisdnField, pointsAnswer } from './fields.ts';
import { route, type ApiActor, type Route } from './route.ts';
import { getOwner } from './subscribers.ts';

export interface Adjustment {
  /** Unique per token; the same key again answers the first outcome. */
  readonly idempotencyKey: string;
  readonly subscriberId: bigint;
  /** Negative to take points away; never zero. */
  readonly points: Points;
  /** Short code for reports, for example `goodwill`. */
  readonly reason: string;
  readonly comment: string;
}

export interface Extension {
  readonly idempotencyKey: string;
  readonly subscriberId: bigint;
  /** Last local day on which the points can be spent, `2026-12-31`. */
  readonly lastDay: string;
  readonly reason: string;
}

export interface HistoryPage {
  readonly entries: readonly HistoryEntry[];
  /** Opaque; undefined on the last page. */
  readonly next?: string | undefined;
}

/** What the ledger does for the API; given by the daemon. */
export interface LedgerApi {
  readonly balance: (subscriberId: bigint) => Promise<BalanceView>;
  /** Newest first. */
  readonly history: (
    subscriberId: bigint,
    page: { limit: number; after: string | undefined },
  ) => Promise<HistoryPage>;
  readonly adjust: (
    actor: ApiActor,
    adjustment: Adjustment,
  ) => Promise<{ readonly available: Points; readonly replayed: boolean }>;
  readonly extendExpiry: (
    actor: ApiActor,
    extension: Extension,
  ) => Promise<{ readonly points: Points; readonly replayed: boolean }>;
}

export interface LedgerRoutesDeps {
  readonly ledger: LedgerApi;
  readonly subscribers: Pick<Subscribers, 'resolveNumber'>;
  readonly clock: Clock;
  readonly numberPlan?: NumberPlan | undefined;
}

const params = { msisdn: '79160000001' };

const balanceAnswer = z.object({
  available: pointsAnswer,
  held: pointsAnswer,
  pending: pointsAnswer,
  debt: pointsAnswer,
  expiring: z.array(z.object({ points: pointsAnswer, at: instantAnswer })),
});

const historyAnswer = z.object({
  entries: z.array(
    z.object({
      at: instantAnswer,
      kind: z.enum(['earn', 'spend', 'transfer_in', 'transfer_out', 'adjust', 'expire', 'reverse']),
      points: pointsAnswer,
    }),
  ),
  next: z.string().optional().meta({ description: 'send as `after` to read on; absent on the last page' }),
});

const signedPoints = z
  .string()
  .regex(/^-?[1-9]\d{0,15}$/, 'whole points in a string, for example "150" or "-150"')
  .transform(BigInt)
  .refine((points) => points <= POINTS_MAX && points >= -POINTS_MAX, 'too many points');

/** Balance, history and manual adjustment of a subscriber's wallet. */
export function ledgerRoutes(deps: LedgerRoutesDeps): Route[] {
  return [...enquiryRoutes(deps), adjustRoute(deps), extendRoute(deps)];
}

function enquiryRoutes({ ledger, subscribers, clock, numberPlan }: LedgerRoutesDeps): Route[] {
  const number = z.object({ msisdn: msisdnField(numberPlan) });
  return [
    route({
      method: 'GET',
      path: '/v1/subscribers/:msisdn/balance',
      scope: 'ledger:read',
      summary: 'Points that can be spent, are held, wait, and lapse when',
      params: number,
      answer: balanceAnswer,
      example: {
        params,
        answer: {
          available: '350',
          held: '0',
          pending: '0',
          debt: '0',
          expiring: [{ points: '100', at: '2026-03-31T21:00:00.000Z' }],
        },
      },
      handle: async (_actor, { params: { msisdn } }) => {
        const { id } = await getOwner(subscribers, clock, msisdn);
        return shownBalance(await ledger.balance(id));
      },
    }),
    route({
      method: 'GET',
      path: '/v1/subscribers/:msisdn/history',
      scope: 'ledger:read',
      summary: 'Movements of points, newest first',
      params: number,
      query: z.strictObject({
        limit: z.coerce.number().int().min(1).max(100).default(20),
        after: z.string().max(200).optional(),
      }),
      answer: historyAnswer,
      example: {
        params,
        query: { limit: '20' },
        answer: { entries: [{ at: '2026-01-31T09:00:00.000Z', kind: 'earn', points: '125' }] },
      },
      handle: async (_actor, { params: { msisdn }, query: { limit, after } }) => {
        const { id } = await getOwner(subscribers, clock, msisdn);
        const { entries, next } = await ledger.history(id, { limit, after });
        return {
          entries: entries.map(({ at, kind, points }) => ({ at: isoOf(at), kind, points: String(points) })),
          ...(next === undefined ? {} : { next }),
        };
      },
    }),
  ];
}

function adjustRoute({ ledger, subscribers, clock, numberPlan }: LedgerRoutesDeps): Route {
  return route({
    method: 'POST',
    path: '/v1/subscribers/:msisdn/adjust',
    scope: 'ledger:write',
    summary: 'Give or take points by hand, with a reason',
    idempotent: true,
    params: z.object({ msisdn: msisdnField(numberPlan) }),
    body: z.strictObject({
      points: signedPoints,
      reason: z
        .string()
        .regex(/^[a-z][a-z0-9_]{0,39}$/, 'a short code, for example goodwill')
        .optional()
        .meta({ description: 'required; a short code for reports' }),
      comment: z.string().max(500).default(''),
    }),
    answer: z.object({ available: pointsAnswer, replayed: z.boolean() }),
    example: {
      params,
      body: { points: '150', reason: 'goodwill', comment: 'complaint 8812' },
      answer: { available: '500', replayed: false },
    },
    handle: async (actor, { params: { msisdn }, body, idempotencyKey }) => {
      const { points, reason, comment } = body;
      if (reason === undefined) throw new Refusal('reason_required');
      const { id } = await getOwner(subscribers, clock, msisdn);
      const adjusted = await ledger.adjust(actor, {
        idempotencyKey,
        subscriberId: id,
        points,
        reason,
        comment,
      });
      return { available: String(adjusted.available), replayed: adjusted.replayed };
    },
  });
}

function extendRoute({ ledger, subscribers, clock, numberPlan }: LedgerRoutesDeps): Route {
  return route({
    method: 'POST',
    path: '/v1/subscribers/:msisdn/extend-expiry',
    scope: 'ledger:write',
    summary: 'Let the points of a subscriber live longer, with a reason; none lives shorter',
    idempotent: true,
    params: z.object({ msisdn: msisdnField(numberPlan) }),
    body: z.strictObject({
      lastDay: z.iso
        .date('a day, for example 2026-12-31')
        .meta({ description: "last day on which they can be spent, in the programme's zone" }),
      reason: z.string().min(1).max(200),
    }),
    answer: z.object({ points: pointsAnswer, replayed: z.boolean() }),
    example: {
      params,
      body: { lastDay: '2026-12-31', reason: 'complaint 8812' },
      answer: { points: '350', replayed: false },
    },
    handle: async (actor, { params: { msisdn }, body, idempotencyKey }) => {
      const { id } = await getOwner(subscribers, clock, msisdn);
      const { points, replayed } = await ledger.extendExpiry(actor, {
        ...{ idempotencyKey, subscriberId: id },
        ...body,
      });
      return { points: String(points), replayed };
    },
  });
}

function shownBalance({
  available,
  held,
  pending,
  debt,
  expiring,
}: BalanceView): z.input<typeof balanceAnswer> {
  return {
    available: String(available),
    held: String(held),
    pending: String(pending),
    debt: String(debt),
    expiring: expiring.map(({ points, at }) => ({ points: String(points), at: isoOf(at) })),
  };
}
