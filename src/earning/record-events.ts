import type { BusinessEvent, EventResult, RecordEvents } from '../channels/api/events.ts';
import { assert } from '../errors.ts';
import { earningCap, expiresAt, findRate, pointsFor, type Programme } from '../bonus/programme.ts';
import { earn, type Earned } from '../ledger/decide/earn.ts';
import { walletOf } from '../ledger/keys.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { EARNED } from '../ledger/lot-classes.ts';
import type { Operation } from '../ledger/operation.ts';
import { channelNumber, clientRequest, contentHash, traceOctets } from '../ledger/request-key.ts';
import type { Instant } from '../values/instant.ts';
import type { Msisdn } from '../values/msisdn.ts';

export interface RecordEventsDeps {
  readonly ledger: Ledger;
  programme(): Programme;
  /** Who had the number when it happened: a purchase of last week belongs to last week's owner. */
  resolve(msisdn: Msisdn, at: Instant): Promise<{ readonly id: bigint } | undefined>;
}

type Actor = Parameters<RecordEvents>[0];

/** Turns facts of shops and billing into points, each once, however often they are reported. */
export async function createRecordEvents(deps: RecordEventsDeps): Promise<RecordEvents> {
  const { id: classId } = await deps.ledger.classes.intern(EARNED);
  const expiries = new Map<Programme, (now: number) => number>();
  const expiry = (programme: Programme): ((now: number) => number) => {
    const known = expiries.get(programme) ?? expiresAt(programme);
    expiries.clear();
    return expiries.set(programme, known).get(programme)!;
  };
  return (actor, events) =>
    Promise.all(events.map((event) => recordOne(deps, actor, event, classId, expiry)));
}

async function recordOne(
  deps: RecordEventsDeps,
  actor: Actor,
  event: BusinessEvent,
  classId: number,
  expiry: (programme: Programme) => (now: number) => number,
): Promise<EventResult> {
  const subscriber = await deps.resolve(event.msisdn, event.occurredAt);
  if (subscriber === undefined) return { id: event.id, kind: 'refused', code: 'subscriber_unknown' };
  const programme = deps.programme();
  const part = earningOf(event, subscriber.id, programme, classId, expiry(programme));
  const posted = await deps.ledger.post({ ...part, request: requestOf(actor, event, subscriber.id) });
  assert(posted.kind === 'posted', 'an event is no MO');
  const { verdict, replayed } = posted;
  if (verdict.kind === 'refused') return { id: event.id, kind: 'refused', code: verdict.code };
  const { points } = verdict.data as Earned;
  return { id: event.id, kind: replayed ? 'replayed' : 'recorded', points };
}

function earningOf(
  event: BusinessEvent,
  subscriber: bigint,
  programme: Programme,
  classId: number,
  lapse: (now: number) => number,
): Pick<Operation, 'keys' | 'decide'> {
  const rate = findRate(programme, event.type, event.amount.currency);
  const cap = rate && earningCap(programme, rate);
  return earn({
    to: walletOf(subscriber),
    points: 0n,
    classId,
    expiresAt: lapse,
    from: 'issue',
    kind: 'earn',
    reason: event.type,
    debtSharePpm: programme.debtSharePpm,
    ...(cap !== undefined && { cap }),
    ...(rate !== undefined && {
      carry: { rule: rate.rule, earn: (remainder: bigint) => pointsFor(rate, event.amount.minor, remainder) },
    }),
  });
}

function requestOf(actor: Actor, event: BusinessEvent, subscriber: bigint): Operation['request'] {
  return {
    ...clientRequest(`events ${actor.name}`, event.id, event.occurredAt),
    contentHash: contentHash({
      type: event.type,
      subscriber,
      minor: event.amount.minor,
      currency: event.amount.currency,
      occurredAt: event.occurredAt,
      partner: event.partner ?? '',
    }),
    trace: traceOctets(actor.trace),
    channel: channelNumber('api'),
    actor: actor.name,
    operation: `event_${event.type}`,
  };
}
