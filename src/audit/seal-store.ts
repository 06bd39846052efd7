import type { Db } from '../storage/postgres.ts';
import type { Place } from './place.ts';
import type { JournalRow, Seal } from './seal.ts';

/** Lets one daemon seal at a time; the others find nothing to do. */
const SEAL_LOCK = 7_201_014;

export async function tryLock(tx: Db): Promise<boolean> {
  const rows = await tx.query<{ mine: boolean }>(
    `select pg_try_advisory_xact_lock(${String(SEAL_LOCK)}) as mine`,
  );
  return rows[0]!.mine;
}

const SEAL_COLUMNS = `batch, xid::text, kind, home, account, transfer, rows, root, prev_root as "prevRoot", chain,
  places, sealed_at as "sealedAt"`;

interface SealColumns extends Place, Omit<Seal, 'through' | 'sealedAt'> {
  readonly sealedAt: Date;
}

function sealOf({ xid, kind, home, account, transfer, sealedAt, ...rest }: SealColumns): Seal {
  return { ...rest, through: { xid, kind, home, account, transfer }, sealedAt: sealedAt.getTime() };
}

export async function findLastSeal(db: Db): Promise<Seal | undefined> {
  const rows = await db.query<SealColumns>(
    `select ${SEAL_COLUMNS} from ledger_seal order by batch desc limit 1`,
  );
  return rows[0] && sealOf(rows[0]);
}

/** Seals after `batch`, in order. */
export async function listSeals(db: Db, batch: bigint, limit: number): Promise<Seal[]> {
  const rows = await db.query<SealColumns>(
    `select ${SEAL_COLUMNS} from ledger_seal where batch > $1 order by batch limit $2`,
    [batch, limit],
  );
  return rows.map(sealOf);
}

export async function insertSeal(tx: Db, seal: Seal): Promise<void> {
  const { xid, kind, home, account, transfer } = seal.through;
  const { batch, rows, root, prevRoot, chain, places, sealedAt } = seal;
  await tx.query(
    `insert into ledger_seal (batch, xid, kind, home, account, transfer, rows, root, prev_root, chain, places, sealed_at)
     values ($1, $2::text::xid8, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [batch, xid, kind, home, account, transfer, rows, root, prevRoot, chain, places, new Date(sealedAt)],
  );
}

const MICROSECONDS = `(extract(epoch from at) * 1000000)::bigint::text`;

/** The journal as rows of one shape, between the transactions `$1` and {upper}, both included. */
const journal = (upper: string): string => `
  select xid, 0 as kind, home, 0::bigint as account, id as transfer,
      array[home::text, id::text, kind::text, src::text, dst::text, amount::text, encode(slices, 'hex'),
        request_home::text, encode(request_key, 'hex'), reason, ${MICROSECONDS}] as columns
    from transfer where xid >= $1::text::xid8 and xid <= ${upper}
  union all
  select xid, 1, home, account, transfer,
      array[home::text, account::text, transfer_home::text, transfer::text, delta::text, balance_after::text]
    from posting where xid >= $1::text::xid8 and xid <= ${upper}`;

const AFTER = '(xid, kind, home, account, transfer) > ($1::text::xid8, $2, $3, $4, $5)';
const ORDER = 'order by xid, kind, home, account, transfer';
const SHOWN = 'xid::text as xid, kind, home, account, transfer, columns';

const placeValues = ({ xid, kind, home, account, transfer }: Place): unknown[] => [
  xid,
  kind,
  home,
  account,
  transfer,
];

/**
 * The next rows to seal, in order: only of transactions below the oldest one still running, so that nothing can turn up
 * between them later (one statement, one snapshot).
 *
 * The inner queries find by index how far `limit` rows reach, so a backlog is never sorted as a whole.
 */
export async function listUnsealed(db: Db, after: Place, limit: number): Promise<JournalRow[]> {
  const reach = (table: string): string =>
    `coalesce((select xid from ${table} where xid > $1::text::xid8 and xid < (select xid from horizon)
       order by xid offset $6 limit 1), (select xid from horizon))`;
  return db.query<JournalRow>(
    `with horizon as materialized (select pg_snapshot_xmin(pg_current_snapshot()) as xid),
       upper as materialized (select least(${reach('transfer')}, ${reach('posting')}) as xid)
     select ${SHOWN} from (${journal('(select xid from upper)')}) j
      where xid < (select xid from horizon) and ${AFTER} ${ORDER} limit $6`,
    [...placeValues(after), limit],
  );
}

/** Rows behind `after` up to and with `through`, in order, as they are now; at most `limit`. */
export async function listBetween(
  db: Db,
  after: Place,
  through: Place,
  limit: number,
): Promise<JournalRow[]> {
  return db.query<JournalRow>(
    `select ${SHOWN} from (${journal('$6::text::xid8')}) j
      where ${AFTER} and (xid, kind, home, account, transfer) <= ($6::text::xid8, $7, $8, $9, $10)
      ${ORDER} limit $11`,
    [...placeValues(after), ...placeValues(through), limit],
  );
}

/** False when transaction ids began anew: the database was restored from a dump without its counter. */
export async function isCounterAhead(db: Db, last: Place): Promise<boolean> {
  const rows = await db.query<{ ahead: boolean }>(
    'select pg_snapshot_xmax(pg_current_snapshot()) > $1::text::xid8 as ahead',
    [last.xid],
  );
  return rows[0]!.ahead;
}

export async function countUnsealed(db: Db, after: Place): Promise<bigint> {
  const rows = await db.query<{ rows: bigint }>(
    `select count(*) as rows from (
       select xid, 0 as kind, home, 0::bigint as account, id as transfer from transfer where xid >= $1::text::xid8
       union all select xid, 1, home, account, transfer from posting where xid >= $1::text::xid8) j where ${AFTER}`,
    placeValues(after),
  );
  return rows[0]!.rows;
}
