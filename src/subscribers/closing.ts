import type { Logger } from '../runtime/log.ts';
import type { Db } from '../storage/postgres.ts';
import type { OnClosed } from './ports.ts';
import { deleteClosing, listClosings, type Closing } from './store.ts';

export interface Closings {
  /** Carries out what one event closes; a failure is logged and left for {@link Closings.retry}. Never rejects. */
  readonly settle: (eventId: string) => Promise<void>;
  /** Carries out what a crash or a failure left behind; called at start and from time to time. Answers how many are done. */
  readonly retry: () => Promise<number>;
}

const RETRY_MAX = 100;

/** Tells the other domains about ended subscribers, at least once: the note is deleted only after they agreed. */
export function createClosings(db: Db, onClosed: OnClosed, log: Logger): Closings {
  const carryOut = async (closing: Closing): Promise<boolean> => {
    try {
      await onClosed(closing.subscriberId, { eventId: closing.eventId, kind: closing.kind, at: closing.at });
      await deleteClosing(db, closing.eventId);
      return true;
    } catch (error) {
      log.error(
        { err: error, subscriber: closing.subscriberId, kind: closing.kind },
        'closing failed, will be retried',
      );
      return false;
    }
  };

  return {
    settle: async (eventId) => {
      try {
        for (const closing of await listClosings(db, 1, eventId)) await carryOut(closing);
      } catch (error) {
        log.error({ err: error }, 'closing not read, will be retried');
      }
    },
    retry: async () => {
      let done = 0;
      for (const closing of await listClosings(db, RETRY_MAX)) if (await carryOut(closing)) done += 1;
      return done;
    },
  };
}
