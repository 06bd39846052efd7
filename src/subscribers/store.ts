import type { Db } from '../storage/postgres.ts';
import { instant, type Instant } from '../values/instant.ts';
import type { Language } from '../values/language.ts';
import type { Msisdn } from '../values/msisdn.ts';
import type { ClosingEvent, ClosingKind, Subscriber, SubscriberStatus } from './subscriber.ts';

const COLUMNS = 's.id, s.language, s.zone, s.status, s.pin_verifier is not null as pin_set, s.registered_at';

interface SubscriberRow {
  readonly id: bigint;
  readonly language: Language;
  readonly zone: string;
  readonly status: SubscriberStatus;
  readonly pin_set: boolean;
  readonly registered_at: Date;
}

/** A number while one subscriber had it; `to` is undefined while it still does. */
export interface Tenure {
  readonly msisdn: Msisdn;
  readonly from: Instant;
  readonly to: Instant | undefined;
  readonly subscriber: Subscriber;
}

interface TenureRow extends SubscriberRow {
  readonly msisdn: Msisdn;
  readonly valid_from: Date;
  readonly valid_to: Date | null;
}

/** Everything known about many numbers between two moments, in one statement. */
export async function listTenures(
  db: Db,
  msisdns: readonly Msisdn[],
  from: Instant,
  to: Instant,
): Promise<readonly Tenure[]> {
  const rows = await db.query<TenureRow>(
    `select n.msisdn, n.valid_from, n.valid_to, ${COLUMNS}
       from number n join subscriber s on s.id = n.subscriber
      where n.msisdn = any ($1::text[]) and n.valid_from <= $3 and (n.valid_to is null or n.valid_to > $2)`,
    [msisdns, new Date(from), new Date(to)],
  );
  return rows.map((row) => ({
    msisdn: row.msisdn,
    from: instant(row.valid_from.getTime()),
    to: row.valid_to === null ? undefined : instant(row.valid_to.getTime()),
    subscriber: toSubscriber(row),
  }));
}

export async function findSubscriber(db: Db, id: bigint): Promise<Subscriber | undefined> {
  const [row] = await db.query<SubscriberRow>(`select ${COLUMNS} from subscriber s where s.id = $1`, [id]);
  return row === undefined ? undefined : toSubscriber(row);
}

/** The number that a subscriber has now. */
export async function findNumber(db: Db, subscriberId: bigint): Promise<Msisdn | undefined> {
  const [row] = await db.query<{ msisdn: Msisdn }>(
    'select msisdn from number where subscriber = $1 and valid_to is null',
    [subscriberId],
  );
  return row?.msisdn;
}

/** The numbers that a subscriber has or had last, newest first: what to look under when something of theirs must end. */
export async function listLastNumbers(db: Db, subscriberId: bigint): Promise<Msisdn[]> {
  const rows = await db.query<{ msisdn: Msisdn }>(
    'select msisdn from number where subscriber = $1 order by valid_to desc nulls first limit 2',
    [subscriberId],
  );
  return rows.map((row) => row.msisdn);
}

export interface LockedSubscriber {
  readonly subscriber: Subscriber;
  readonly numberId: bigint;
}

/**
 * The present owner of a number, locked until the end of the transaction. Both rows are locked: after a wait
 * Postgres looks again only at rows it locks, and the number may have been given up meanwhile.
 */
export async function lockOwner(tx: Db, msisdn: Msisdn): Promise<LockedSubscriber | undefined> {
  const [row] = await tx.query<SubscriberRow & { number_id: bigint }>(
    `select n.id as number_id, ${COLUMNS}
       from number n join subscriber s on s.id = n.subscriber
      where n.msisdn = $1 and n.valid_to is null
        for update of n, s`,
    [msisdn],
  );
  return row === undefined ? undefined : { subscriber: toSubscriber(row), numberId: row.number_id };
}

export async function insertSubscriber(
  tx: Db,
  language: Language,
  zone: string,
  at: Instant,
): Promise<bigint> {
  const [row] = await tx.query<{ id: bigint }>(
    `insert into subscriber (language, zone, status, registered_at) values ($1, $2, 'active', $3) returning id`,
    [language, zone, new Date(at)],
  );
  return row!.id;
}

/**
 * Gives a free number to a subscriber, never before the last owner lost it (another daemon's clock may be ahead).
 * Fails with 23505 or 23P01 when somebody has it.
 */
export async function openNumber(tx: Db, msisdn: Msisdn, subscriberId: bigint, at: Instant): Promise<bigint> {
  const [row] = await tx.query<{ id: bigint }>(
    `insert into number (msisdn, subscriber, valid_from)
     select $1, $2, greatest($3::timestamptz, (select max(valid_to) from number where msisdn = $1)) returning id`,
    [msisdn, subscriberId, new Date(at)],
  );
  return row!.id;
}

export async function closeNumber(tx: Db, numberId: bigint, at: Instant): Promise<void> {
  await tx.query('update number set valid_to = greatest($2::timestamptz, valid_from) where id = $1', [
    numberId,
    new Date(at),
  ]);
}

export async function updateStatus(tx: Db, id: bigint, status: 'active' | 'suspended'): Promise<void> {
  await tx.query('update subscriber set status = $2 where id = $1', [id, status]);
}

/** Ends a subscriber; the PIN goes with it. */
export async function closeSubscriber(tx: Db, id: bigint, at: Instant): Promise<void> {
  await tx.query(
    `update subscriber set status = 'terminated', closed_at = $2,
       pin_verifier = null, pin_failures = 0, pin_locked_until = null where id = $1`,
    [id, new Date(at)],
  );
}

export async function updateSettings(tx: Db, id: bigint, language: Language | null, zone: string | null) {
  await tx.query(
    'update subscriber set language = coalesce($2, language), zone = coalesce($3, zone) where id = $1',
    [id, language, zone],
  );
}

/** Lets one transaction at a time work on an event id, so that a simultaneous repetition finds the first one's answer. */
export async function lockEvent(tx: Db, eventId: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 720200))', [eventId]);
}

export async function findEvent(
  tx: Db,
  eventId: string,
): Promise<{ readonly subscriberId: bigint; readonly contentHash: Buffer } | undefined> {
  const [row] = await tx.query<{ subscriberId: bigint; contentHash: Buffer }>(
    'select coalesce(heir, subscriber) as "subscriberId", content_hash as "contentHash" from subscriber_event where id = $1',
    [eventId],
  );
  return row;
}

export interface EventRow {
  readonly id: string;
  readonly subscriberId: bigint;
  readonly heirId: bigint | null;
  readonly kind: string;
  readonly at: Instant;
  readonly actor: string;
  readonly trace: string;
  readonly contentHash: Buffer;
  readonly oldNumber: bigint | null;
  readonly newNumber: bigint | null;
}

export async function insertEvent(tx: Db, event: EventRow): Promise<void> {
  await tx.query(
    `insert into subscriber_event (id, subscriber, heir, kind, at, actor, trace, content_hash, old_number, new_number)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      event.id,
      event.subscriberId,
      event.heirId,
      event.kind,
      new Date(event.at),
      event.actor,
      event.trace,
      event.contentHash,
      event.oldNumber,
      event.newNumber,
    ],
  );
}

export interface Closing extends ClosingEvent {
  readonly subscriberId: bigint;
}

export async function insertClosing(tx: Db, closing: Closing): Promise<void> {
  await tx.query('insert into subscriber_closing (event_id, subscriber, kind, at) values ($1, $2, $3, $4)', [
    closing.eventId,
    closing.subscriberId,
    closing.kind,
    new Date(closing.at),
  ]);
}

/** Closings not yet carried out, oldest first; of one event when `eventId` is given. */
export async function listClosings(db: Db, limit: number, eventId: string | null = null): Promise<Closing[]> {
  const rows = await db.query<{ event_id: string; subscriber: bigint; kind: ClosingKind; at: Date }>(
    `select event_id, subscriber, kind, at from subscriber_closing
      where $2::text is null or event_id = $2 order by at, event_id limit $1`,
    [limit, eventId],
  );
  return rows.map((row) => ({
    eventId: row.event_id,
    subscriberId: row.subscriber,
    kind: row.kind,
    at: instant(row.at.getTime()),
  }));
}

export async function deleteClosing(db: Db, eventId: string): Promise<void> {
  await db.query('delete from subscriber_closing where event_id = $1', [eventId]);
}

function toSubscriber(row: SubscriberRow): Subscriber {
  return {
    id: row.id,
    language: row.language,
    zone: row.zone,
    status: row.status,
    pinSet: row.pin_set,
    registeredAt: instant(row.registered_at.getTime()),
  };
}
