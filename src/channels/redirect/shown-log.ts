import type { ShownRecord } from '../../cashback/changes.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import { shownLost } from './worker-metrics.ts';

const WAITING_MAX = 20_000;
const BATCH_ROWS = 500;
const RETRY_MS = 1_000;

/** Audit records on their way into Postgres. Requests never wait for them; what does not fit is counted as lost. */
export interface ShownLog {
  add(records: readonly ShownRecord[]): void;
  /** Stores what waits, once; resolves also when that fails. */
  flush(): Promise<void>;
}

export function createShownLog(
  store: (records: readonly ShownRecord[]) => Promise<void>,
  clock: Clock,
  log: Logger,
): ShownLog {
  let waiting: ShownRecord[] = [];
  let running: Promise<void> | undefined;
  let cancelRetry: (() => void) | undefined;

  const run = async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH_ROWS);
      try {
        await store(batch);
      } catch (error) {
        log.warn({ err: error, waiting: waiting.length }, 'shown offers not stored yet');
        cancelRetry?.();
        cancelRetry = clock.after(RETRY_MS, () => void start());
        return;
      }
      waiting = waiting.slice(batch.length);
    }
  };
  const start = () => {
    running ??= run().finally(() => (running = undefined));
    return running;
  };
  return {
    add: (records) => {
      const room = Math.max(WAITING_MAX - waiting.length, 0);
      waiting.push(...records.slice(0, room));
      if (records.length > room) shownLost.inc(records.length - room);
      void start();
    },
    flush: async () => {
      cancelRetry?.();
      await start();
      cancelRetry?.();
    },
  };
}
