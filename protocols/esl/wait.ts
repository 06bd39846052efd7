import type { Clock } from '../../src/runtime/clock.ts';

/** How a wait ended. Waits never reject: a command nobody awaits must not become an unhandled rejection. */
export type Waited<T> =
  | { readonly kind: 'done'; readonly value: T }
  /** `refused`: FreeSWITCH answered -ERR, or the text was not safe to send. */
  | { readonly kind: 'lost'; readonly reason: LostReason };

export type LostReason = 'closed' | 'timeout' | 'refused';

/** Ends a wait; only the first call counts. */
export type Pending<T> = (result: Waited<T>) => void;

export function lostWait(reason: LostReason): { readonly kind: 'lost'; readonly reason: LostReason } {
  return { kind: 'lost', reason };
}

/** Gives `begin` the means to end the wait, and ends it itself after `timeoutMs`. */
export function wait<T>(
  clock: Clock,
  timeoutMs: number,
  begin: (pending: Pending<T>) => void,
): Promise<Waited<T>> {
  return new Promise((resolve) => {
    const cancel = clock.after(timeoutMs, () => resolve(lostWait('timeout')));
    begin((result) => {
      cancel();
      resolve(result);
    });
  });
}
