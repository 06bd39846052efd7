import type { Db } from '../storage/postgres.ts';
import type { LineKind } from './line.ts';

export interface StoredStatement {
  readonly batch: number;
  readonly period: string;
  readonly partner: number;
  readonly vatCode: string;
  readonly lines: number;
  readonly issueMinor: bigint;
  readonly burnMinor: bigint;
  readonly breakageMinor: bigint;
  readonly prepaidMinor: bigint;
  readonly correctionMinor: bigint;
  readonly netMinor: bigint;
  readonly state: StatementState;
  /** Why, as the last one to say something put it. */
  readonly reason: string | null;
  /** The sum that the partner came to, when it said one. */
  readonly saidMinor: bigint | null;
}

/** `closed`: nobody has said anything yet. */
export type StatementState = 'closed' | 'confirmed' | 'disputed' | 'paid';

const STATEMENT = `
  select s.batch, b.period, s.partner, s.vat_code as "vatCode", s.lines, s.issue_minor as "issueMinor",
      s.burn_minor as "burnMinor", s.breakage_minor as "breakageMinor", s.prepaid_minor as "prepaidMinor",
      s.correction_minor as "correctionMinor", s.net_minor as "netMinor", coalesce(e.state, 'closed') as state,
      e.reason, e.said_minor as "saidMinor"
    from clearing_statement s join clearing_batch b on b.id = s.batch
    left join lateral (select * from clearing_event e where e.batch = s.batch and e.partner = s.partner
      order by e.id desc limit 1) e on true`;

/** Of all parties, or of one; latest periods first. */
export function listStatements(
  db: Db,
  partner: number | undefined,
  limit: number,
): Promise<StoredStatement[]> {
  return db.query<StoredStatement>(
    `${STATEMENT} where $1::integer is null or s.partner = $1 order by s.batch desc, s.partner limit $2`,
    [partner ?? null, limit],
  );
}

export async function findStatement(
  db: Db,
  period: string,
  partner: number,
): Promise<StoredStatement | undefined> {
  const rows = await db.query<StoredStatement>(`${STATEMENT} where b.period = $1 and s.partner = $2`, [
    period,
    partner,
  ]);
  return rows[0];
}

export interface StoredLine {
  readonly line: number;
  readonly kind: LineKind;
  readonly issuer: number;
  readonly acceptor: number | null;
  readonly points: bigint;
  readonly rateNum: bigint;
  readonly rateDen: bigint;
  readonly amountMicro: bigint;
  readonly amountMinor: bigint;
  readonly reference: string | null;
  readonly occurredAt: Date | null;
  readonly postedAt: Date | null;
}

/** Lines after the one with that number, in order. */
export async function listLines(
  db: Db,
  { batch, partner }: Pick<StoredStatement, 'batch' | 'partner'>,
  after: number,
  limit: number,
): Promise<StoredLine[]> {
  const rows = await db.query<Omit<StoredLine, 'amountMicro'> & { readonly micro: string }>(
    `select line, kind, issuer, acceptor, points, rate_num as "rateNum", rate_den as "rateDen",
        amount_micro::text as micro, amount_minor as "amountMinor", reference, occurred_at as "occurredAt",
        posted_at as "postedAt"
      from clearing_line where batch = $1 and partner = $2 and line > $3 order by line limit $4`,
    [batch, partner, after, limit],
  );
  return rows.map(({ micro, ...line }) => ({ ...line, amountMicro: BigInt(micro) }));
}

/** Lets one at a time say what becomes of a statement. */
export async function lockStatement(
  tx: Db,
  { batch, partner }: Pick<StoredStatement, 'batch' | 'partner'>,
): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1, $2)', [STATEMENT_LOCK + batch, partner]);
}

const STATEMENT_LOCK = 7_202_000;

export interface StatementEvent {
  readonly state: Exclude<StatementState, 'closed'>;
  readonly saidMinor: bigint | undefined;
  readonly reason: string;
  readonly actor: string;
  readonly at: number;
}

export async function insertStatementEvent(
  tx: Db,
  { batch, partner }: Pick<StoredStatement, 'batch' | 'partner'>,
  { state, saidMinor, reason, actor, at }: StatementEvent,
): Promise<void> {
  await tx.query(
    `insert into clearing_event (batch, partner, state, said_minor, reason, actor, at)
      values ($1, $2, $3, $4, $5, $6, $7)`,
    [batch, partner, state, saidMinor ?? null, reason, actor, new Date(at)],
  );
}

export interface NewCorrection {
  readonly partner: number;
  readonly key: string;
  readonly about: string;
  readonly amountMinor: bigint;
  readonly reason: string;
  readonly actor: string;
  readonly at: number;
}

/** False when a correction with this key is there already; `same` tells whether it says the same. */
export async function insertCorrection(
  db: Db,
  { partner, key, about, amountMinor, reason, actor, at }: NewCorrection,
): Promise<{ readonly made: boolean; readonly same: boolean }> {
  const made = await db.query(
    `insert into clearing_correction (partner, key, about, amount_minor, reason, actor, created_at)
      values ($1, $2, $3, $4, $5, $6, $7) on conflict (key) do nothing returning id`,
    [partner, key, about, amountMinor, reason, actor, new Date(at)],
  );
  if (made.length > 0) return { made: true, same: true };
  const same = await db.query(
    `select 1 from clearing_correction where key = $1 and partner = $2 and about = $3 and amount_minor = $4
        and reason = $5`,
    [key, partner, about, amountMinor, reason],
  );
  return { made: false, same: same.length > 0 };
}
