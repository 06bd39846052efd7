import type { AwardRecord } from '../ledger/kinds/award.ts';
import type { Db } from '../storage/postgres.ts';

/** Which awards: of one rule, assessment or scenario, given within a time. */
export interface AwardSelection {
  /** `rule`, `assessment`, `scenario`. */
  readonly source: string;
  readonly reference: string;
  readonly from: number;
  /** Not included. */
  readonly to: number;
}

export interface AwardSum {
  readonly awards: bigint;
  readonly members: bigint;
  readonly points: bigint;
}

const SELECTED = `source = $1 and reference = $2 and created_at >= $3 and created_at < $4 and cancelled < points
  and transfer is not null`;

function valuesOf({ source, reference, from, to }: AwardSelection): unknown[] {
  return [source, reference, new Date(from), new Date(to)];
}

/** What a cancellation would take back. */
export async function sumAwards(db: Db, selection: AwardSelection): Promise<AwardSum> {
  const rows = await db.query<AwardSum>(
    `select count(*) as awards, count(distinct account) as members, coalesce(sum(points - cancelled), 0)::bigint as points
      from award where ${SELECTED}`,
    valuesOf(selection),
  );
  return rows[0]!;
}

interface AwardRow {
  readonly home: number;
  readonly account: bigint;
  readonly serial: bigint;
  readonly source: string;
  readonly reference: string;
  readonly version: number;
  readonly inputs: string;
  readonly points: bigint;
  readonly transfer: bigint | null;
  readonly cancelled: bigint;
  readonly created_at: Date;
}

/** The next awards that are not cancelled yet, after the one named, in order. */
export async function listAwards(
  db: Db,
  selection: AwardSelection,
  after: Pick<AwardRecord, 'home' | 'account' | 'serial'>,
  limit: number,
): Promise<AwardRecord[]> {
  const rows = await db.query<AwardRow>(
    `select * from award where ${SELECTED} and (home, account, serial) > ($5, $6, $7)
      order by home, account, serial limit $8`,
    [...valuesOf(selection), after.home, after.account, after.serial, limit],
  );
  return rows.map(({ created_at, ...row }) => ({
    ...row,
    account: Number(row.account),
    serial: Number(row.serial),
    transfer: row.transfer === null ? null : Number(row.transfer),
    createdAt: created_at.getTime(),
  }));
}
