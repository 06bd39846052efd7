import type { Db } from '../storage/postgres.ts';
import type { Correction } from './line.ts';
import type { Balance, Books, Position } from './position.ts';
import type { Statement, StatementLine } from './statement.ts';

/** Closed periods. Rows are added in the transaction that closes one and never changed. */

/** Lets one daemon close at a time; others wait and then find it done. */
const CLOSING_LOCK = 7_201_022;

export async function lockClosing(tx: Db): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1)', [CLOSING_LOCK]);
}

export interface Batch {
  readonly id: number;
  readonly period: string;
  readonly endsAt: number;
  readonly horizon: bigint;
  readonly balance: Balance;
  readonly closedBy: string;
  readonly closedAt: number;
}

interface BatchRow {
  readonly id: number;
  readonly period: string;
  readonly ends_at: Date;
  readonly horizon: bigint;
  readonly pool: string;
  readonly reserve: string;
  readonly debt: string;
  readonly margin: string;
  readonly closed_by: string;
  readonly closed_at: Date;
}

const BATCH = `id, period, ends_at, horizon, pool_micro::text as pool, reserve_micro::text as reserve,
  debt_micro::text as debt, margin_micro::text as margin, closed_by, closed_at`;

function batchOf(row: BatchRow): Batch {
  return {
    ...{ id: row.id, period: row.period, endsAt: row.ends_at.getTime(), horizon: row.horizon },
    balance: {
      poolMicro: BigInt(row.pool),
      reserveMicro: BigInt(row.reserve),
      debtMicro: BigInt(row.debt),
      marginMicro: BigInt(row.margin),
    },
    ...{ closedBy: row.closed_by, closedAt: row.closed_at.getTime() },
  };
}

/** Latest first. */
export async function listBatches(db: Db, limit: number): Promise<Batch[]> {
  const rows = await db.query<BatchRow>(`select ${BATCH} from clearing_batch order by id desc limit $1`, [
    limit,
  ]);
  return rows.map(batchOf);
}

export async function findBatch(db: Db, period: string): Promise<Batch | undefined> {
  const rows = await db.query<BatchRow>(`select ${BATCH} from clearing_batch where period = $1`, [period]);
  return rows[0] && batchOf(rows[0]);
}

interface PositionRow extends Omit<Position, 'reserveRate'> {
  readonly num: bigint;
  readonly den: bigint;
}

export async function listPositions(db: Db, batch: number): Promise<Position[]> {
  const rows = await db.query<PositionRow>(
    `select issuer, issued, redeemed, expired, debt_made as "debtMade", debt_settled as "debtSettled", outstanding,
        reserve_num as num, reserve_den as den from clearing_position where batch = $1 order by issuer`,
    [batch],
  );
  return rows.map(({ num, den, ...position }) => ({ ...position, reserveRate: { num, den } }));
}

export async function insertBatch(
  tx: Db,
  { period, endsAt, horizon, balance, closedBy, closedAt }: Omit<Batch, 'id'>,
): Promise<number> {
  const rows = await tx.query<{ id: number }>(
    `insert into clearing_batch (period, ends_at, horizon, pool_micro, reserve_micro, margin_micro, debt_micro,
        closed_by, closed_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id`,
    [
      ...[period, new Date(endsAt), horizon, balance.poolMicro, balance.reserveMicro, balance.marginMicro],
      ...[balance.debtMicro, closedBy, new Date(closedAt)],
    ],
  );
  return rows[0]!.id;
}

export async function insertPositions(tx: Db, batch: number, { positions }: Books): Promise<void> {
  for (const position of positions) {
    const { issuer, reserveRate, issued, redeemed, expired, debtMade, debtSettled, outstanding } = position;
    await tx.query(
      `insert into clearing_position (batch, issuer, reserve_num, reserve_den, issued, redeemed, expired, debt_made,
          debt_settled, outstanding) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        ...[batch, issuer, reserveRate.num, reserveRate.den, issued, redeemed, expired, debtMade],
        ...[debtSettled, outstanding],
      ],
    );
  }
}

export async function insertStatement(
  tx: Db,
  batch: number,
  vatCode: string,
  { party, lines, minorOf, netMicro, netMinor }: Statement,
): Promise<void> {
  const { issue, burn, breakage, prepaid, correction } = minorOf;
  await tx.query(
    `insert into clearing_statement (batch, partner, vat_code, lines, issue_minor, burn_minor, breakage_minor,
        prepaid_minor, correction_minor, net_micro, net_minor)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [batch, party, vatCode, lines.length, issue, burn, breakage, prepaid, correction, netMicro, netMinor],
  );
  for (let from = 0; from < lines.length; from += LINES_AT_ONCE) {
    await insertLines(tx, batch, party, lines.slice(from, from + LINES_AT_ONCE));
  }
}

const LINES_AT_ONCE = 5_000;

async function insertLines(
  tx: Db,
  batch: number,
  party: number,
  lines: readonly StatementLine[],
): Promise<void> {
  const column = <T>(of: (line: StatementLine) => T): T[] => lines.map(of);
  await tx.query(
    `insert into clearing_line (batch, partner, line, kind, issuer, acceptor, points, rate_num, rate_den,
        amount_micro, amount_minor, transfer, reference, occurred_at, posted_at)
      select $1, $2, u.* from unnest($3::integer[], $4::text[], $5::integer[], $6::integer[], $7::bigint[],
        $8::bigint[], $9::bigint[], $10::numeric[], $11::bigint[], $12::bigint[], $13::text[], $14::timestamptz[],
        $15::timestamptz[]) u`,
    [
      ...[batch, party, column(({ number }) => number), column(({ kind }) => kind)],
      ...[column(({ issuer }) => issuer), column(({ acceptor }) => acceptor), column(({ points }) => points)],
      ...[column(({ rate }) => rate.num), column(({ rate }) => rate.den)],
      ...[column(({ amountMicro }) => amountMicro), column(({ amountMinor }) => amountMinor)],
      ...[column(({ transfer }) => transfer), column(({ reference }) => reference)],
      ...[column(({ occurredAt }) => occurredAt), column(({ postedAt }) => postedAt)],
    ],
  );
}

/** Corrections that no period has taken yet. */
export function listOpenCorrections(tx: Db): Promise<Correction[]> {
  return tx.query<Correction>(
    `select id, partner, about, amount_minor as "amountMinor" from clearing_correction where batch is null order by id`,
  );
}

export async function markCorrections(tx: Db, batch: number, ids: readonly bigint[]): Promise<void> {
  await tx.query('update clearing_correction set batch = $1 where id = any($2::bigint[])', [batch, ids]);
}
