import type { Db } from '../storage/postgres.ts';

/** An event of the past, as it was recorded. */
export interface PastEvent {
  readonly account: bigint;
  readonly serial: bigint;
  readonly type: string;
  readonly minor: bigint;
  readonly currency: string;
  readonly occurredAt: Date;
  readonly partner: string;
  readonly labels: string;
  readonly tier: number;
  readonly points: bigint;
  readonly recordedAt: Date;
  /** As the database writes it: dates of this language end at milliseconds. */
  readonly recordedAtText: string;
}

/** Where the next page begins. */
export interface EventCursor {
  readonly recordedAtText: string;
  readonly serial: bigint;
}

/** Events in the order of their recording, behind a cursor and not after `until`. */
export async function listPastEvents(
  db: Db,
  after: EventCursor,
  until: Date,
  limit: number,
): Promise<PastEvent[]> {
  return db.query<PastEvent>(
    `select account, serial, type, minor, currency, occurred_at as "occurredAt", partner, labels, tier, points,
        recorded_at as "recordedAt", recorded_at::text as "recordedAtText"
       from business_event
      where (recorded_at, serial) > ($1::timestamptz, $2::bigint) and recorded_at <= $3
      order by recorded_at, serial limit $4`,
    [after.recordedAtText, after.serial, until, limit],
  );
}
