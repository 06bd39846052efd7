import type { Socket } from 'node:net';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Instant } from '../../src/values/instant.ts';

/**
 * Collects what one turn of the event loop writes and hands it to the socket in one piece: with a full window that is
 * ten times cheaper than a write per PDU, and a USSD answer and its screen leave together.
 */
export class SocketWriter {
  readonly #socket: Socket;
  readonly #clock: Clock;
  #pieces: Buffer[] = [];
  #scheduled = false;
  #blockedSince: Instant | undefined;

  constructor(socket: Socket, clock: Clock, onDrain: () => void) {
    this.#socket = socket;
    this.#clock = clock;
    socket.on('drain', () => {
      this.#blockedSince = undefined;
      onDrain();
    });
  }

  /** Since when the peer has not taken what was written; undefined while it does. */
  get blockedSince(): Instant | undefined {
    return this.#blockedSince;
  }

  /** Octets that the peer has not taken yet. */
  get backlog(): number {
    return this.#socket.writableLength;
  }

  write(octets: Buffer): void {
    this.#pieces.push(octets);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.flush());
  }

  /** Hands over at once; used before the end of a connection. */
  flush(): void {
    this.#scheduled = false;
    const pieces = this.#pieces;
    if (pieces.length === 0) return;
    this.#pieces = [];
    if (!this.#socket.writable) return;
    const taken = this.#socket.write(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces));
    if (!taken) this.#blockedSince ??= this.#clock.now();
  }
}
