import type { Db } from '../storage/postgres.ts';
import { OUTBOX_STATE } from '../ledger/records.ts';

/** Tables whose old rows may go. Every other table is history, or small. */
export type PrunedTable = 'request' | 'mo' | 'pending' | 'sms_part' | 'outbox';

interface Rule {
  readonly key: string;
  /** Which rows are past their time at `$1`; the row is called `r`. */
  readonly due: string;
  /** Rows of this table change while messages are carried out: those that somebody holds are passed over. */
  readonly changes: boolean;
}

/** First fillings of stock: a key that is used again at every start of a daemon, and must be known for ever. */
const KEPT_FOR_EVER = `('fill_pool')`;

const RULES: Readonly<Record<PrunedTable, Rule>> = {
  request: {
    key: 'home, key',
    due: `r.at < $1 and r.operation not in ${KEPT_FOR_EVER}`,
    changes: false,
  },
  mo: { key: 'home, fingerprint', due: 'r.received_at < $1 and r.first_at < $1', changes: true },
  // An open one is over at its time all the same: nothing confirms it afterwards.
  pending: { key: 'home, id', due: 'r.expires_at < $1', changes: true },
  sms_part: {
    key: 'smsc, message_id, home, outbox_id, part',
    due: `r.sent_at < $1 and not exists (select from outbox o
            where o.home = r.home and o.id = r.outbox_id and o.state = ${String(OUTBOX_STATE.open)})`,
    changes: true,
  },
  // What ended is never older than what began: the first condition only lets the index help.
  outbox: {
    key: 'home, id',
    due: `r.created_at < $1 and r.state <> ${String(OUTBOX_STATE.open)} and r.done_at < $1`,
    changes: true,
  },
};

/** Lets one daemon remove rows at a time; the others find nothing to do. */
const PRUNE_LOCK = 7_201_004;

/**
 * Removes up to `limit` rows that were past their time at `before`, in a transaction of its own; answers how many.
 *
 * It never waits for anybody, and sees committed rows only. What commits later with an older time is found the next
 * time: nothing is concluded from rows being gone but that each of them was past its time.
 */
export async function pruneChunk(db: Db, table: PrunedTable, before: number, limit: number): Promise<number> {
  const { key, due, changes } = RULES[table];
  const rows = await db.query<{ removed: bigint }>(
    `with mine as materialized (select pg_try_advisory_xact_lock(${String(PRUNE_LOCK)}) as ok),
       due as materialized (
         select ${key} from ${table} r where (select ok from mine) and ${due}
         limit $2 ${changes ? 'for update skip locked' : ''}),
       gone as (delete from ${table} using due where ${joined(table, key)} returning 1)
     select count(*) as removed from gone`,
    [new Date(before), limit],
  );
  return Number(rows[0]!.removed);
}

function joined(table: PrunedTable, key: string): string {
  return key
    .split(', ')
    .map((column) => `${table}.${column} = due.${column}`)
    .join(' and ');
}

/** Brings the block ranges that `pruneChunk` reads by up to date, or it would read every row that came since. */
export async function summarizeAges(db: Db): Promise<void> {
  await db.query('select summarize_ages()');
}

/** The database's own time, in milliseconds since 1970. */
export async function findDatabaseTime(db: Db): Promise<number> {
  const rows = await db.query<{ now: Date }>('select clock_timestamp() as now');
  return rows[0]!.now.getTime();
}
