import { Fault } from '../../src/errors.ts';
import type { Clock } from '../../src/runtime/clock.ts';

/** `work`, or a Fault after `ms`. The work goes on: whoever asked repeats the request and learns its outcome. */
export function withDeadline<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(new Fault('handler exceeded its deadline')));
    work.then(resolve, reject).finally(cancel);
  });
}
