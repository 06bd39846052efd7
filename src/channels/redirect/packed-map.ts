import { assert } from '../../errors.ts';

const EMPTY = -1;

/**
 * A map from non-negative numbers to a number and an unsigned 32-bit number, in typed arrays.
 *
 * A million entries cost 40 MB here, are not seen by the garbage collector and are found without an allocation;
 * a Map of objects costs three times as much and lengthens every full collection in the process that answers ICAP.
 * Entries are never removed: a value of 0 means "nothing", and the next snapshot drops it.
 */
export class PackedMap {
  #keys: Float64Array;
  #values: Float64Array;
  #marks: Uint32Array;
  #size = 0;

  constructor(expected = 0) {
    let slots = 1_024;
    while (slots * 0.7 < expected) slots *= 2;
    this.#keys = new Float64Array(slots).fill(EMPTY);
    this.#values = new Float64Array(slots);
    this.#marks = new Uint32Array(slots);
  }

  get size(): number {
    return this.#size;
  }

  set(key: number, value: number, mark: number): void {
    assert(Number.isSafeInteger(key) && key >= 0, 'a packed key is a safe non-negative integer');
    if (this.#size >= this.#keys.length * 0.7) this.#grow();
    const slot = this.#slotOf(key);
    if (this.#keys[slot] === EMPTY) this.#size += 1;
    this.#keys[slot] = key;
    this.#values[slot] = value;
    this.#marks[slot] = mark;
  }

  /** The value of `key`, 0 when there is none. */
  valueOf(key: number): number {
    const slot = this.#slotOf(key);
    return this.#keys[slot] === EMPTY ? 0 : this.#values[slot]!;
  }

  /** The mark of `key`, 0 when there is none. */
  markOf(key: number): number {
    const slot = this.#slotOf(key);
    return this.#keys[slot] === EMPTY ? 0 : this.#marks[slot]!;
  }

  #slotOf(key: number): number {
    const last = this.#keys.length - 1;
    // Addresses and serials come in runs: a multiplicative hash of both halves scatters them.
    let slot = (Math.imul(key | 0, 0x9e3779b1) ^ Math.imul((key / 0x1_0000_0000) | 0, 0x85ebca6b)) >>> 0;
    slot = (slot ^ (slot >>> 15)) & last;
    for (;;) {
      const found = this.#keys[slot];
      if (found === key || found === EMPTY) return slot;
      slot = (slot + 1) & last;
    }
  }

  #grow(): void {
    const [keys, values, marks] = [this.#keys, this.#values, this.#marks];
    this.#keys = new Float64Array(keys.length * 2).fill(EMPTY);
    this.#values = new Float64Array(keys.length * 2);
    this.#marks = new Uint32Array(keys.length * 2);
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index]!;
      if (key === EMPTY) continue;
      const slot = this.#slotOf(key);
      this.#keys[slot] = key;
      this.#values[slot] = values[index]!;
      this.#marks[slot] = marks[index]!;
    }
  }
}
