import { keyOf, type OutboxKey, type OutboxRow } from './outbox.ts';

/** A message in this daemon's hands. */
export interface Held {
  readonly row: OutboxRow;
  leaseUntil: number;
  stage: 'waiting' | 'queued' | 'sending' | 'settling';
  cancelTimer?: () => void;
}

/**
 * Messages in this daemon's hands. Each priority has room of its own: a pile of service messages must not keep out the
 * reply that somebody waits for.
 */
export class HeldMessages {
  readonly #byKey = new Map<string, Held>();
  readonly #counts: number[] = [];
  readonly #maxOfPriority: number;

  constructor(maxOfPriority: number) {
    this.#maxOfPriority = maxOfPriority;
  }

  get size(): number {
    return this.#byKey.size;
  }

  has(key: OutboxKey): boolean {
    return this.#byKey.has(keyOf(key));
  }

  get(key: OutboxKey): Held | undefined {
    return this.#byKey.get(keyOf(key));
  }

  values(): Iterable<Held> {
    return this.#byKey.values();
  }

  isFull(priority: number): boolean {
    return (this.#counts[priority] ?? 0) >= this.#maxOfPriority;
  }

  add(held: Held): void {
    const { priority } = held.row;
    this.#byKey.set(keyOf(held.row), held);
    this.#counts[priority] = (this.#counts[priority] ?? 0) + 1;
  }

  delete(key: OutboxKey): void {
    const held = this.get(key);
    if (held === undefined) return;
    this.#byKey.delete(keyOf(key));
    this.#counts[held.row.priority]! -= 1;
  }

  clear(): void {
    this.#byKey.clear();
    this.#counts.length = 0;
  }
}
