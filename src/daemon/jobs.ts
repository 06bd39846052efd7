import { CHANGES_KEPT_MS } from '../cashback/follow.ts';
import { pruneCashback } from '../cashback/store.ts';
import { warnOfExpiry } from '../jobs/expiry-warnings.ts';
import { prune } from '../jobs/prune.ts';
import { sweep } from '../jobs/sweep.ts';
import type { Config } from '../runtime/config/config.ts';
import type { Part } from '../runtime/lifecycle.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import { DAY_MS, HOUR_MS, later, MINUTE_MS, SECOND_MS } from '../values/instant.ts';
import type { Core } from './core.ts';
import type { DaemonOptions } from './daemon.ts';

const SWEEP_EVERY_MS = 10 * MINUTE_MS;
const ORDERS_EVERY_MS = SECOND_MS;
const CATALOGUE_EVERY_MS = 10 * SECOND_MS;
const CHORES_EVERY_MS = MINUTE_MS;
const WARN_EVERY_MS = HOUR_MS;
const CLEARING_EVERY_MS = 10 * MINUTE_MS;
const PRUNE_EVERY_MS = 10 * MINUTE_MS;

export interface JobsDeps {
  core(): Core;
  pool(): PostgresPool;
  config(): Config;
}

/** What nobody asks for: time that lapses points, orders that go on, chores, retention. */
export function jobsPart({ clock, log, demoClock }: DaemonOptions, deps: JobsDeps): Part {
  const cancels = new Map<string, () => void>();
  let stopping = false;
  const every = (name: string, ms: number, job: () => Promise<unknown>): void => {
    const run = (): void =>
      void job()
        .catch((error: unknown) => log.error({ err: error, job: name }, 'job failed, will run again'))
        .then(() => {
          if (!stopping) cancels.set(name, clock.after(ms, run));
        });
    cancels.set(name, clock.after(ms, run));
  };
  return {
    name: 'jobs',
    start: () => {
      const core = deps.core();
      const pool = deps.pool();
      every('sweep', SWEEP_EVERY_MS, () =>
        sweep(core.ledger, pool, clock.now(), deps.config().programme.expiryWarning.required),
      );
      every('expiry warnings', WARN_EVERY_MS, () => {
        const { expiryWarning: rules, zone } = deps.config().programme;
        return warnOfExpiry({ ledger: core.ledger, pool, rules, zone, now: clock.now() });
      });
      every('orders', ORDERS_EVERY_MS, () => core.orders.runDue());
      every('catalogue', CATALOGUE_EVERY_MS, () => core.catalogue.refresh());
      every('earning', CHORES_EVERY_MS, () => core.earning.chores());
      every('chores', CHORES_EVERY_MS, async () => {
        await core.subscribers.retryClosings();
        await pruneCashback(pool, clock.now(), later(clock.now(), -CHANGES_KEPT_MS));
      });
      every('clearing', CLEARING_EVERY_MS, () => {
        const { closeAfterDays } = deps.config().partners.clearing;
        return closeAfterDays === 'never'
          ? Promise.resolve()
          : core.partners.clearing.closeDue(closeAfterDays * DAY_MS);
      });
      every('retention', PRUNE_EVERY_MS, () =>
        prune({
          db: pool,
          clock,
          offsetMs: () => demoClock?.offsetMs() ?? 0,
          config: deps.config().retention,
          isStopping: () => stopping,
        }),
      );
    },
    stop: () => {
      stopping = true;
      deps.core().earning.stopChores();
      for (const cancel of cancels.values()) cancel();
    },
  };
}
