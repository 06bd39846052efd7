import type { Db } from '../storage/postgres.ts';

/** One run of the assessment rules over all members. */
export interface AssessmentRun {
  readonly id: number;
  readonly version: number;
  readonly asOf: Date;
  readonly state: 'running' | 'done';
  /** The last subscriber whose page is booked. */
  readonly cursor: bigint;
  readonly members: bigint;
  readonly refused: bigint;
  readonly points: bigint;
  readonly failures: bigint;
  readonly startedBy: string;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

const COLUMNS = `id, version, as_of as "asOf", state, cursor, members, refused, points, failures,
  started_by as "startedBy", created_at as "createdAt", finished_at as "finishedAt"`;

/** One run for each moment, whoever asks: answers its number. */
export async function insertRun(
  db: Db,
  run: { readonly version: number; readonly asOf: number; readonly startedBy: string },
  now: number,
): Promise<number> {
  await db.query(
    `insert into assessment_run (version, as_of, state, started_by, created_at)
      values ($1, $2, 'running', $3, $4) on conflict (as_of) do nothing`,
    [run.version, new Date(run.asOf), run.startedBy, new Date(now)],
  );
  const rows = await db.query<{ id: number }>('select id from assessment_run where as_of = $1', [
    new Date(run.asOf),
  ]);
  return rows[0]!.id;
}

export async function listRuns(db: Db, limit: number): Promise<AssessmentRun[]> {
  return db.query<AssessmentRun>(`select ${COLUMNS} from assessment_run order by id desc limit $1`, [limit]);
}

/** Takes a run that is unfinished and in nobody's hands; another daemon's dead lease lapses by itself. */
export async function leaseRun(
  db: Db,
  owner: number,
  now: number,
  leaseMs: number,
): Promise<AssessmentRun | undefined> {
  const rows = await db.query<AssessmentRun>(
    `update assessment_run set lease_owner = $1, lease_until = $3
      where id = (select id from assessment_run
          where state = 'running' and (lease_until is null or lease_until < $2 or lease_owner = $1)
          order by id limit 1 for update skip locked)
      returning ${COLUMNS}`,
    [owner, new Date(now), new Date(now + leaseMs)],
  );
  return rows[0];
}

export interface PageTotals {
  readonly cursor: bigint;
  readonly members: number;
  readonly refused: number;
  readonly points: bigint;
  readonly failures: number;
}

/** Moves the cursor behind a booked page; false when the lease went to another daemon meanwhile. */
export async function advanceRun(
  db: Db,
  run: number,
  owner: number,
  page: PageTotals,
  leaseUntil: number,
): Promise<boolean> {
  const rows = await db.query(
    `update assessment_run set cursor = $3, members = members + $4, refused = refused + $5,
        points = points + $6, failures = failures + $7, lease_until = $8
      where id = $1 and lease_owner = $2 and state = 'running' returning id`,
    [run, owner, page.cursor, page.members, page.refused, page.points, page.failures, new Date(leaseUntil)],
  );
  return rows.length === 1;
}

export async function finishRun(db: Db, run: number, owner: number, now: number): Promise<void> {
  await db.query(
    `update assessment_run set state = 'done', finished_at = $3, lease_until = null
      where id = $1 and lease_owner = $2`,
    [run, owner, new Date(now)],
  );
}
