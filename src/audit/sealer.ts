import { Fault } from '../errors.ts';
import type { Clock } from '../runtime/clock.ts';
import { counter } from '../runtime/metrics.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import { BEFORE_ALL } from './place.ts';
import { NOTHING_SEALED, sealRows, type Seal } from './seal.ts';
import { findLastSeal, insertSeal, isCounterAhead, listUnsealed, tryLock } from './seal-store.ts';

/** Rows under one seal, at most: hashing them takes some milliseconds, which is what the loop may be held up. */
export const SEAL_ROWS_MAX = 1_000;

const sealedTotal = counter('bonusgate_sealed_rows_total', 'Rows of the journal that were put under a seal');

export interface SealerDeps {
  readonly pool: PostgresPool;
  readonly clock: Clock;
  /** Asked between two seals; what is left then waits for the next run. */
  isStopping(): boolean;
  readonly rowsMax?: number;
}

/**
 * Seals what was committed since the last seal and answers the last seal made, undefined when there was nothing to do.
 *
 * Chaining inside the ledger's own commits would put one after the other; this reads behind them (bonus-core §3.1).
 *
 * @throws Fault when the database's transaction counter lies behind the last seal
 */
export async function sealJournal(deps: SealerDeps): Promise<Seal | undefined> {
  const rowsMax = deps.rowsMax ?? SEAL_ROWS_MAX;
  let last: Seal | undefined;
  while (!deps.isStopping()) {
    const seal = await sealNext(deps, rowsMax);
    if (seal === undefined) return last;
    last = seal;
    if (seal.rows < rowsMax) return last;
  }
  return last;
}

async function sealNext({ pool, clock }: SealerDeps, rowsMax: number): Promise<Seal | undefined> {
  const made = await pool.transaction(async (tx) => {
    if (!(await tryLock(tx))) return undefined;
    const before = await findLastSeal(tx);
    if (before !== undefined && !(await isCounterAhead(tx, before.through))) {
      throw new Fault('the transaction counter lies behind the last seal: was the database restored?');
    }
    const rows = await listUnsealed(tx, before?.through ?? BEFORE_ALL, rowsMax);
    if (rows.length === 0) return undefined;
    const seal = sealRows(before ?? NOTHING_SEALED, rows, clock.now());
    await insertSeal(tx, seal);
    return seal;
  });
  if (made !== undefined) sealedTotal.inc(made.rows);
  return made;
}
