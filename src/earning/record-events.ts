import type { BusinessEvent, EventResult, RecordEvents } from '../channels/api/events.ts';
import type { Instant } from '../values/instant.ts';
import type { Msisdn } from '../values/msisdn.ts';
import type { EventMember, MemberEvent } from './event.ts';
import type { RecordMemberEvents } from './record-member-events.ts';

export interface RecordEventsDeps {
  readonly record: RecordMemberEvents;
  /** Who had the number when it happened: a purchase of last week belongs to last week's owner. */
  readonly resolve: (msisdn: Msisdn, at: Instant) => Promise<EventMember | undefined>;
}

type Actor = Parameters<RecordEvents>[0];

/** Turns facts of shops and billing into points, each once, however often they are reported. */
export function createRecordEvents({ record, resolve }: RecordEventsDeps): RecordEvents {
  return async (actor, events) => {
    const members = await Promise.all(events.map(({ msisdn, occurredAt }) => resolve(msisdn, occurredAt)));
    const known = events.flatMap((event, index) => {
      const member = members[index];
      return member === undefined ? [] : [memberEvent(actor, event, member)];
    });
    const outcomes = known.length === 0 ? [] : await record(known);
    return events.map(({ id }, index): EventResult => {
      if (members[index] === undefined) return { id, kind: 'refused', code: 'subscriber_unknown' };
      return { id, ...outcomes.shift()! };
    });
  };
}

function memberEvent(actor: Actor, event: BusinessEvent, member: EventMember): MemberEvent {
  return {
    scope: `events ${actor.name}`,
    id: event.id,
    type: event.type,
    minor: event.amount?.minor ?? 0n,
    currency: event.amount?.currency ?? '',
    occurredAt: event.occurredAt,
    partner: event.partner ?? '',
    labels: event.labels ?? [],
    actor: actor.name,
    trace: actor.trace,
    channel: 'api',
    member,
  };
}
