import { z } from 'zod';
import { Refusal, type RefusalCode } from '../../errors.ts';
import type { Instant } from '../../values/instant.ts';
import type { Money } from '../../values/money.ts';
import { findMsisdn, type Msisdn, type NumberPlan } from '../../values/msisdn.ts';
import { currencyField, instantField, pointsAnswer } from './fields.ts';
import { route, type ApiActor, type Route } from './route.ts';

/** A fact from a shop, billing or a partner that may earn points. */
export interface BusinessEvent {
  /** The reporter's id of the fact; the same id again is the same fact. Unique per token. */
  readonly id: string;
  /** `purchase`, `payment`, `topup` or another name that earning rules know. */
  readonly type: string;
  readonly msisdn: Msisdn;
  /** Absent where no money is involved: a registration, a completed profile. */
  readonly amount?: Money;
  readonly occurredAt: Instant;
  /** Partner code, when it is not the token's own. */
  readonly partner?: string;
  /** Categories and the like, for rules to look for. */
  readonly labels?: readonly string[];
}

/** How one event ended: recorded now, known already, or refused for good. */
export type EventResult =
  | { readonly id: string; readonly kind: 'recorded' | 'replayed'; readonly points: bigint }
  | { readonly id: string; readonly kind: 'refused'; readonly code: RefusalCode };

/**
 * Given by the daemon: stores the events and their points, each once, and answers in the same order. Rejects with a
 * Fault when it is unknown whether; the reporter then sends the same events again.
 */
export type RecordEvents = (
  actor: ApiActor,
  events: readonly BusinessEvent[],
) => Promise<readonly EventResult[]>;

export interface EventRoutesDeps {
  readonly recordEvents: RecordEvents;
  readonly numberPlan?: NumberPlan | undefined;
}

/** More in one request gain nothing: the ledger takes 500 at a time. */
export const EVENTS_MAX = 500;

const minor = z
  .union([z.int().min(0), z.string().regex(/^\d{1,18}$/)])
  .transform(BigInt)
  .meta({ description: 'minor units: "12550" with RUB is 125.50 roubles' });

/** Types that are about money, so that a forgotten amount is no silent zero. */
const MONEY_TYPES: readonly string[] = ['purchase', 'payment', 'topup'];

const eventBody = z
  .strictObject({
    id: z.string().regex(/^[\x21-\x7e]{1,100}$/, '1 to 100 printable characters without spaces'),
    type: z
      .string()
      .regex(/^[a-z][a-z0-9_.]{0,39}$/, 'a lower-case name, for example purchase')
      .meta({ description: 'purchase, payment, topup or another name that the earning rules know' }),
    msisdn: z.string().max(32).meta({ description: 'phone number of the subscriber, E.164 digits' }),
    amount: z.strictObject({ minor, currency: currencyField }).optional(),
    occurredAt: instantField,
    partner: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,64}$/)
      .optional(),
    labels: z
      .array(z.string().regex(/^[A-Za-z0-9_.-]{1,40}$/, 'letters, digits, dots, dashes'))
      .max(16)
      .optional()
      .meta({ description: 'categories of goods and the like; earning rules can look for them' }),
  })
  .refine(({ type, amount }) => amount !== undefined || !MONEY_TYPES.includes(type), {
    path: ['amount'],
    message: 'is required for this type of event',
  });

const eventAnswer = z.object({
  id: z.string(),
  status: z.enum(['recorded', 'replayed', 'refused']),
  points: pointsAnswer.optional(),
  code: z.string().optional().meta({ description: 'why it was refused' }),
});

const example = {
  id: 'order-10042',
  type: 'purchase',
  msisdn: '79160000001',
  amount: { minor: '12550', currency: 'RUB' },
  occurredAt: '2026-01-31T12:00:00+03:00',
};

const recorded = { id: 'order-10042', status: 'recorded', points: '125' } as const;

/** Single events, and batches of up to {@link EVENTS_MAX} in which each has its own fate. */
export function eventRoutes(deps: EventRoutesDeps): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/events',
      scope: 'events:write',
      summary: 'Report a purchase, a payment or another fact that earns points; each event id counts once',
      body: eventBody,
      answer: eventAnswer,
      example: { body: example, answer: recorded },
      handle: async (actor, { body }) => {
        const [result] = await record(actor, [body], deps);
        if (result?.kind === 'refused') throw new Refusal(result.code);
        return shown(result!);
      },
    }),
    route({
      method: 'POST',
      path: '/v1/events/batch',
      scope: 'events:write',
      summary: `Report up to ${EVENTS_MAX} events at once; the answers come in the same order`,
      body: z.strictObject({ events: z.array(eventBody).min(1).max(EVENTS_MAX) }),
      answer: z.object({ results: z.array(eventAnswer) }),
      example: { body: { events: [example] }, answer: { results: [recorded] } },
      handle: async (actor, { body }) => ({ results: (await record(actor, body.events, deps)).map(shown) }),
    }),
  ];
}

async function record(
  actor: ApiActor,
  bodies: readonly z.output<typeof eventBody>[],
  { recordEvents, numberPlan }: EventRoutesDeps,
): Promise<EventResult[]> {
  const parsed = bodies.map(({ partner, amount, labels, ...body }) => {
    const msisdn = findMsisdn(body.msisdn, numberPlan);
    if (msisdn === undefined) return undefined;
    return {
      ...body,
      msisdn,
      ...(partner !== undefined && { partner }),
      ...(amount !== undefined && { amount }),
      ...(labels !== undefined && { labels }),
    };
  });
  const events = parsed.filter((event) => event !== undefined);
  const outcomes = [...(events.length === 0 ? [] : await recordEvents(actor, events))];
  return parsed.map((event, at) =>
    event === undefined ? { id: bodies[at]!.id, kind: 'refused', code: 'msisdn_invalid' } : outcomes.shift()!,
  );
}

function shown(result: EventResult): z.input<typeof eventAnswer> {
  if (result.kind === 'refused') return { id: result.id, status: 'refused', code: result.code };
  return { id: result.id, status: result.kind, points: String(result.points) };
}
