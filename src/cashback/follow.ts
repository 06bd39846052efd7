import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import type { Db } from '../storage/postgres.ts';
import { HOUR_MS, type Instant } from '../values/instant.ts';
import { currentCursor, listChanges, type ChangeCursor } from './change-store.ts';
import type { CashbackChange } from './changes.ts';

/** How long the change feed is kept; a reader that was away for longer reads everything anew. */
export const CHANGES_KEPT_MS = 24 * HOUR_MS;

export interface FollowDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly intervalMs: number;
  publish(changes: readonly CashbackChange[]): Promise<void>;
  /** Everything anew: this reader missed something. */
  reload(): Promise<void>;
  /** The database stopped answering, or answers again. */
  onAvailable?(available: boolean): void;
}

/**
 * Carries changes made anywhere - another daemon, the command line, an import - to the ICAP workers of this one.
 * Start it before the first snapshot is read. A database that does not answer is asked again at the next interval.
 */
export async function followChanges(
  deps: FollowDeps,
): Promise<{ poll(): Promise<void>; close(): Promise<void> }> {
  const { db, clock, log } = deps;
  let cursor: ChangeCursor = await currentCursor(db);
  let readAt: Instant = clock.now();
  let available = true;
  let closed = false;
  let cancel: () => void = () => undefined;
  let running: Promise<void> = Promise.resolve();

  const read = async () => {
    if (clock.now() - readAt > CHANGES_KEPT_MS / 2) {
      const fresh = await currentCursor(db);
      await deps.reload();
      [cursor, readAt] = [fresh, clock.now()];
      return;
    }
    const found = await listChanges(db, cursor);
    if (found.changes.length > 0) await deps.publish(found.changes);
    [cursor, readAt] = [found.cursor, clock.now()];
  };
  const tell = (now: boolean) => {
    if (now !== available) deps.onAvailable?.(now);
    available = now;
  };
  const poll = () => {
    running = running.then(read).then(
      () => tell(true),
      (error: unknown) => {
        log.warn({ err: error }, 'cashback changes not read');
        tell(false);
      },
    );
    return running;
  };
  const schedule = () => {
    cancel = clock.after(deps.intervalMs, () => {
      void poll().then(() => {
        if (!closed) schedule();
      });
    });
  };
  schedule();
  return {
    poll,
    close: () => {
      closed = true;
      cancel();
      return running;
    },
  };
}
