import { assert } from '../errors.ts';
import { REQUESTS_KEPT_MS } from '../ledger/key-life.ts';
import type { Clock } from '../runtime/clock.ts';
import type { RetentionConfig } from '../runtime/config/retention.ts';
import { counter } from '../runtime/metrics.ts';
import type { Db } from '../storage/postgres.ts';
import { DAY_MS } from '../values/instant.ts';
import { findDatabaseTime, pruneChunk, summarizeAges, type PrunedTable } from './prune-store.ts';

export interface PruneDeps {
  readonly db: Db;
  readonly clock: Clock;
  /** The demo clock's distance from the database's. */
  offsetMs(): number;
  readonly config: RetentionConfig;
  /** Asked between two chunks; what is left then waits for the next run. */
  isStopping(): boolean;
}

const prunedTotal = counter('bonusgate_pruned_rows_total', 'Rows removed because their time was over', [
  'table',
]);

/** Removes rows that nobody needs any more, in chunks; answers how many of each table. */
export async function prune(deps: PruneDeps): Promise<Readonly<Record<PrunedTable, number>>> {
  const { db, config } = deps;
  const now = await agreedTime(deps);
  await summarizeAges(db);
  const removed = { request: 0, mo: 0, pending: 0, sms_part: 0, outbox: 0 };
  for (const [table, days] of tablesOf(config)) {
    let found = config.chunk;
    while (found === config.chunk && !deps.isStopping()) {
      found = await pruneChunk(db, table, now - days * DAY_MS, config.chunk);
      removed[table] += found;
      prunedTotal.inc({ table }, found);
    }
  }
  return removed;
}

/** Parts before their messages: a receipt is still understood while its message is there. */
function tablesOf(config: RetentionConfig): readonly (readonly [PrunedTable, number])[] {
  assert(config.requestDays * DAY_MS >= REQUESTS_KEPT_MS, 'a request outlives its key');
  return [
    ['request', config.requestDays],
    ['mo', config.moDays],
    ['pending', config.pendingDays],
    ['sms_part', config.messageDays],
    ['outbox', config.messageDays],
  ];
}

/** The earlier of our time and the database's: one clock that jumps ahead must not make everything old. */
async function agreedTime(deps: PruneDeps): Promise<number> {
  return Math.min(deps.clock.now(), (await findDatabaseTime(deps.db)) + deps.offsetMs());
}
