const EMPTY = Buffer.alloc(0);

/** Gathers octets that arrive in pieces; grows by doubling, so that each octet is copied a bounded number of times. */
export class Collector {
  private buffer = EMPTY;
  private used = 0;

  get length(): number {
    return this.used;
  }

  last(): number | undefined {
    return this.used === 0 ? undefined : this.buffer[this.used - 1];
  }

  add(chunk: Buffer, start: number, end: number): void {
    const needed = this.used + end - start;
    if (needed > this.buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2, 512));
      this.buffer.copy(grown, 0, 0, this.used);
      this.buffer = grown;
    }
    this.used += chunk.copy(this.buffer, this.used, start, end);
  }

  /** Hands over what was gathered and starts anew. */
  take(): Buffer {
    const taken = this.buffer.subarray(0, this.used);
    this.buffer = EMPTY;
    this.used = 0;
    return taken;
  }
}
