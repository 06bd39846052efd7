/** Collects items while one batch is being worked on: no timer, and batches grow only under load. */
export interface Lane<T> {
  add(item: T): void;
  /** Resolves when nothing is waiting or being worked on. */
  idle(): Promise<void>;
  readonly size: number;
}

/** `work` gets up to `batchMax` items at a time, one batch after the other, and must never reject. */
export function createLane<T>(batchMax: number, work: (batch: readonly T[]) => Promise<void>): Lane<T> {
  let waiting: T[] = [];
  let working = 0;
  let running: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    // Items of the same turn of the loop share the first batch.
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchMax);
      waiting = waiting.slice(batchMax);
      working = batch.length;
      await work(batch);
      working = 0;
    }
    running = undefined;
  };

  return {
    add: (item) => {
      waiting.push(item);
      running ??= run();
    },
    idle: async () => {
      while (running !== undefined) await running;
    },
    get size() {
      return waiting.length + working;
    },
  };
}
