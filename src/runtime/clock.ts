import { instant, type Instant } from '../values/instant.ts';

/** The only source of time and timers. Tests hand in {@link manualClock}; the demo shifts the wall clock. */
export interface Clock {
  now(): Instant;
  /** Calls `run` once after `ms`; the returned function cancels it. Timers never keep the process alive. */
  after(ms: number, run: () => void): () => void;
}

/** The machine's clock, moved by `offsetMs` (the demo's "ninety days later"). */
export function systemClock(offsetMs: () => number = () => 0): Clock {
  return {
    now: () => instant(Date.now() + offsetMs()),
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
}

export interface ManualClock extends Clock {
  /** Moves time forward and runs every timer that falls due, in order. */
  advance(ms: number): void;
}

/** A clock that stands still until told to move: deadlines in tests without sleeping. */
export function manualClock(startMs = 1_760_000_000_000): ManualClock {
  let now = startMs;
  let serial = 0;
  const timers = new Map<number, { due: number; run: () => void }>();
  const nextDue = (until: number): number | undefined => {
    let best: number | undefined;
    for (const [id, timer] of timers) {
      if (timer.due > until) continue;
      if (best === undefined || timer.due < timers.get(best)!.due) best = id;
    }
    return best;
  };
  return {
    now: () => instant(now),
    after: (ms, run) => {
      const id = serial++;
      timers.set(id, { due: now + ms, run });
      return () => timers.delete(id);
    },
    advance: (ms) => {
      const until = now + ms;
      for (let id = nextDue(until); id !== undefined; id = nextDue(until)) {
        const timer = timers.get(id)!;
        timers.delete(id);
        now = Math.max(now, timer.due);
        timer.run();
      }
      now = until;
    },
  };
}
