/** First in, first out within a priority; lower numbers first. */
export interface PriorityQueue<T> {
  push(priority: number, item: T): void;
  shift(): T | undefined;
  readonly size: number;
  /** How many would come before another one of this priority. */
  sizeUpTo(priority: number): number;
}

/** Priorities are few and small numbers. A consumed head is cut off now and then, so that both ends stay cheap. */
export function createPriorityQueue<T>(): PriorityQueue<T> {
  const levels: { items: T[]; head: number }[] = [];
  let size = 0;
  return {
    push: (priority, item) => {
      (levels[priority] ??= { items: [], head: 0 }).items.push(item);
      size += 1;
    },
    shift: () => {
      for (const level of levels) {
        // A level that nothing was pushed to yet is a hole in the array.
        if ((level as typeof level | undefined) === undefined || level.head === level.items.length) continue;
        const item = level.items[level.head]!;
        level.head += 1;
        size -= 1;
        if (level.head > 1_000 && level.head * 2 > level.items.length) {
          level.items = level.items.slice(level.head);
          level.head = 0;
        }
        return item;
      }
      return undefined;
    },
    get size() {
      return size;
    },
    sizeUpTo: (priority) =>
      levels.slice(0, priority + 1).reduce((sum, { items, head }) => sum + items.length - head, 0),
  };
}
