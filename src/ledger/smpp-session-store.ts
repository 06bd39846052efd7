import type { Db } from '../storage/postgres.ts';

/** What is known of SMPP sessions, by whatever daemon held them: the ground for "in doubt" (ADR 1). */

export interface SessionRow {
  readonly sessionId: string;
  readonly smsc: string;
  readonly bind: string;
  readonly startedAt: number;
  /** Everything written strictly before it reached the SMSC. */
  readonly provedUntil: number;
  readonly endedAt: number | null;
}

/** Stores sessions as they stand; a proof never moves back. */
export async function writeSessions(db: Db, rows: readonly SessionRow[]): Promise<void> {
  await db.query(
    `insert into smpp_session (id, smsc, bind, started_at, proved_until, ended_at)
      select id, smsc, bind, to_timestamp(started / 1000), to_timestamp(proved / 1000), to_timestamp(ended / 1000)
      from unnest($1::uuid[], $2::text[], $3::text[], $4::float8[], $5::float8[], $6::float8[])
        u(id, smsc, bind, started, proved, ended)
      on conflict (id) do update set proved_until = greatest(smpp_session.proved_until, excluded.proved_until),
        ended_at = coalesce(excluded.ended_at, smpp_session.ended_at)`,
    [
      rows.map((row) => row.sessionId),
      rows.map((row) => row.smsc),
      rows.map((row) => row.bind),
      rows.map((row) => row.startedAt),
      rows.map((row) => row.provedUntil),
      rows.map((row) => row.endedAt),
    ],
  );
}

/** Marks the latest MO of a fingerprint as in doubt: our answer to it came too late to be believed. */
export async function markInDoubt(
  db: Db,
  home: number,
  fingerprint: Buffer,
  sessionId: string,
): Promise<void> {
  // The one flag that is set without the account's lock: it only ever turns on, for exactly this delivery.
  await db.query(
    'update mo set in_doubt = true where home = $1 and fingerprint = $2 and session_id = $3 and not in_doubt',
    [home, fingerprint, sessionId],
  );
}
