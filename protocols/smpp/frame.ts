/** Octets of every PDU header: command_length, command_id, command_status, sequence_number (SMPP 3.4 §3.2). */
export const HEADER_OCTETS = 16;

/** Default for the longest PDU: a whole 64 KiB message_payload and its mandatory fields fit. */
export const PDU_LENGTH_MAX = 70_000;

/**
 * What the stream holds next. `fatal`: the length cannot be right, so where the next PDU begins is unknowable and the
 * connection has to end; `sequence` is that of the offending header, 0 when none can be read.
 */
export type Frame =
  | { readonly kind: 'pdu'; readonly octets: Buffer }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'fatal'; readonly commandLength: number; readonly sequence: number };

const INCOMPLETE: Frame = { kind: 'incomplete' };

/**
 * Cuts a TCP stream into PDUs. A PDU comes out only when all of its command_length octets have arrived: a command
 * cut short by a FIN (`TRANSFER ... 10` of `TRANSFER ... 10000`) is never seen by anyone.
 */
export class Framer {
  readonly #lengthMax: number;
  #chunks: Buffer[] = [];
  #buffered = 0;
  #expected = 0;
  #fatal: Frame | undefined;

  constructor(lengthMax = PDU_LENGTH_MAX) {
    this.#lengthMax = lengthMax;
  }

  /** Octets that arrived and were not handed out yet. */
  get buffered(): number {
    return this.#buffered;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
  }

  next(): Frame {
    if (this.#fatal !== undefined) return this.#fatal;
    if (this.#expected === 0) {
      if (this.#buffered < 4) return INCOMPLETE;
      const length = this.#peek(4).readUInt32BE(0);
      if (length < HEADER_OCTETS || length > this.#lengthMax) return this.#fail(length);
      this.#expected = length;
    }
    if (this.#buffered < this.#expected) return INCOMPLETE;
    const octets = this.#take(this.#expected);
    this.#expected = 0;
    return { kind: 'pdu', octets };
  }

  #fail(commandLength: number): Frame {
    const readable = commandLength >= HEADER_OCTETS && this.#buffered >= HEADER_OCTETS;
    const sequence = readable ? this.#peek(HEADER_OCTETS).readUInt32BE(12) : 0;
    this.#chunks = [];
    this.#buffered = 0;
    this.#fatal = { kind: 'fatal', commandLength, sequence };
    return this.#fatal;
  }

  /** The first `count` buffered octets in one piece; they stay buffered. */
  #peek(count: number): Buffer {
    let first = this.#chunks[0]!;
    if (first.length >= count) return first;
    let pieces = 0;
    for (let octets = 0; octets < count; pieces++) octets += this.#chunks[pieces]!.length;
    first = Buffer.concat(this.#chunks.slice(0, pieces));
    this.#chunks.splice(0, pieces, first);
    return first;
  }

  #take(count: number): Buffer {
    const first = this.#peek(count);
    this.#buffered -= count;
    if (first.length === count) {
      this.#chunks.shift();
      return first;
    }
    this.#chunks[0] = first.subarray(count);
    return first.subarray(0, count);
  }
}
