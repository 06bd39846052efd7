import { endOfLocalDay, localDayNumber } from '../bonus/calendar.ts';
import type { Clock } from '../runtime/clock.ts';
import { newTraceId } from '../runtime/ids.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import { DAY_MS } from '../values/instant.ts';
import { findLastBirthdayDay, insertBirthdayDay } from './birthday-store.ts';
import type { EventMember, MemberEvent } from './event.ts';
import { listBirthdays } from './member-store.ts';
import type { RecordMemberEvents } from './record-member-events.ts';

export interface BirthdayDeps {
  readonly pool: PostgresPool;
  readonly record: RecordMemberEvents;
  readonly clock: Clock;
  zone(): string;
}

/** Days that are made up for after an outage. */
const LATE_DAYS_MAX = 7;
const PAGE = 500;

/**
 * Tells the event `birthday` of every member whose parameter is that local day, once. A day is done when all of its
 * events are recorded; what was interrupted is told again, which changes nothing.
 */
export async function tellBirthdays(deps: BirthdayDeps): Promise<number> {
  const now = deps.clock.now();
  const today = localDayNumber(now, deps.zone());
  const last = await findLastBirthdayDay(deps.pool);
  let told = 0;
  for (let day = Math.max((last ?? today - 1) + 1, today - LATE_DAYS_MAX); day <= today; day++) {
    const start = endOfLocalDay(now - (today - day) * DAY_MS, deps.zone(), -1);
    told += await tellDay(deps, day, start);
    await insertBirthdayDay(deps.pool, day, now);
  }
  return told;
}

async function tellDay({ pool, record }: BirthdayDeps, day: number, start: number): Promise<number> {
  let told = 0;
  let after = 0n;
  for (;;) {
    const members = await listBirthdays(pool, birthdaysOf(day), start, after, PAGE);
    const last = members.at(-1);
    if (last === undefined) return told;
    await record(
      members.map((member) => eventOf(member, day, start)),
      'bulk',
    );
    told += members.length;
    after = last.id;
  }
}

/** `MM-DD` of a day; in other years those of 29 February celebrate on the 28th. */
export function birthdaysOf(day: number): string[] {
  const date = new Date(day * DAY_MS).toISOString();
  const leap = new Date(Date.UTC(Number(date.slice(0, 4)), 2, 0)).getUTCDate() === 29;
  const monthDay = date.slice(5, 10);
  return monthDay === '02-28' && !leap ? [monthDay, '02-29'] : [monthDay];
}

function eventOf(member: EventMember, day: number, start: number): MemberEvent {
  return {
    scope: 'birthday',
    id: `${String(day)} ${member.id.toString()}`,
    type: 'birthday',
    minor: 0n,
    currency: '',
    occurredAt: start,
    partner: '',
    labels: [],
    actor: 'birthdays',
    trace: newTraceId(),
    channel: 'system',
    member,
  };
}
