import pg from 'pg';
import { waitUntil } from '../../src/runtime/pause.ts';

/** Somebody else's lock on every wallet: what would move points stands still in the middle of its transaction. */
export interface HeldWallets {
  /** Resolves when so many transactions of a daemon's ledger wait for the lock; one lane is one. */
  isWaitedFor(lanes?: number): Promise<void>;
  release(): Promise<void>;
}

export async function holdWallets(databaseUrl: string): Promise<HeldWallets> {
  const holder = new pg.Client({ connectionString: databaseUrl });
  await holder.connect();
  await holder.query('begin');
  await holder.query('select 1 from account for update');
  const waiting = async (): Promise<number> => {
    const { rowCount } = await holder.query(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
        and application_name = 'bonusgate ledger'`,
    );
    return rowCount ?? 0;
  };
  return {
    isWaitedFor: async (lanes = 1) => {
      const enough = async () => (await waiting()) >= lanes || undefined;
      if ((await waitUntil(enough, { timeoutMs: 10_000 })) === undefined)
        throw new Error('nothing waits for the wallets');
    },
    release: async () => {
      await holder.query('rollback');
      await holder.end();
    },
  };
}
