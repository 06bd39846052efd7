import type { Clock } from '../../src/runtime/clock.ts';

/** The one absolute deadline of a connection, and what it waits for. */
export interface Deadline<Kind extends string> {
  readonly kind: Kind | undefined;
  set(kind: Kind, ms: number): void;
  cancel(): void;
}

/**
 * A deadline that is cheap to move: requests push it further thousands of times a second, so the running timer is
 * left alone when it fires early enough, and looks again when it does.
 */
export function createDeadline<Kind extends string>(
  clock: Clock,
  expired: (kind: Kind) => void,
): Deadline<Kind> {
  let current: Kind | undefined;
  let dueAt = 0;
  let timerAt = Infinity;
  let stop: (() => void) | undefined;

  const start = (ms: number) => {
    stop?.();
    timerAt = clock.now() + ms;
    stop = clock.after(ms, fire);
  };
  const fire = () => {
    stop = undefined;
    timerAt = Infinity;
    if (current === undefined) return;
    const left = dueAt - clock.now();
    if (left > 0) return start(left);
    const kind = current;
    current = undefined;
    expired(kind);
  };
  return {
    get kind() {
      return current;
    },
    set: (kind, ms) => {
      current = kind;
      dueAt = clock.now() + ms;
      if (stop === undefined || timerAt > dueAt) start(ms);
    },
    cancel: () => {
      current = undefined;
      stop?.();
      stop = undefined;
      timerAt = Infinity;
    },
  };
}
