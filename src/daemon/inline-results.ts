import type { Clock } from '../runtime/clock.ts';
import { MINUTE_MS, SECOND_MS } from '../values/instant.ts';
import type { Dispatcher } from '../notify/dispatcher.ts';
import type { OutboxKey } from '../notify/outbox.ts';

/**
 * A money result waits so long for its dialogue or call to tell it, before it goes out as a short message. A screen is
 * there at once; an amount, a number and a balance take half a minute to say.
 */
export const INLINE_MS = { ussd: 15 * SECOND_MS, ivr: 45 * SECOND_MS } as const;

/** Which message of the outbox tells the result of which confirmed operation. */
export interface InlineResults {
  remember(pendingId: string, message: OutboxKey): void;
  /** The result was shown or heard (the message is not sent), or was not (it is sent now). */
  settle(pendingId: string, told: boolean): void;
}

export function createInlineResults(clock: Clock, dispatcher: () => Dispatcher): InlineResults {
  const waiting = new Map<string, OutboxKey>();
  return {
    remember: (pendingId, message) => {
      waiting.set(pendingId, message);
      clock.after(MINUTE_MS, () => waiting.delete(pendingId));
    },
    settle: (pendingId, told) => {
      const message = waiting.get(pendingId);
      if (message === undefined) return;
      waiting.delete(pendingId);
      if (told) dispatcher().markShown(message);
      else dispatcher().sendNow(message);
    },
  };
}
