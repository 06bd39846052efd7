import { ChunkedBody } from './chunked-body.ts';
import { ICAP_LIMITS, IcapParseError } from './limits.ts';
import { parseHead, type IcapHead } from './request.ts';

/** What a parser tells its connection, in this order for each request. */
export interface ParserEvents {
  /** The ICAP header and the HTTP header section (empty when there is none) are complete. */
  onRequest(head: IcapHead, httpHeader: Buffer): void;
  /** Octets of the chunked body with their framing, as they came. */
  onBody(octets: Buffer): void;
  /** The request is consumed to its last octet. */
  onEnd(): void;
}

const LF = 10;
const CR = 13;
const HEADER_END = Buffer.from('\r\n\r\n');

/**
 * Incremental ICAP/1.0 request parser, one per connection.
 *
 * Throws {@link IcapParseError} from `push` at the first doubt and must not be used afterwards. Emitted buffers are
 * never written to again, so they may wait in a socket. Work is linear in the octets received, however they are cut.
 */
export class IcapParser {
  readonly #events: ParserEvents;
  #carry: Buffer | undefined;
  #carried = 0;
  #scanned = 0;
  #lineStart = 0;
  #lines = 0;
  #head: IcapHead | undefined;
  #body: ChunkedBody | undefined;
  /** Requests consumed; tells a deadline whether it still waits for the same one. */
  #serial = 0;

  constructor(events: ParserEvents) {
    this.#events = events;
  }

  get serial(): number {
    return this.#serial;
  }

  /** What the next octet belongs to: nothing yet, a header, or a body. */
  get phase(): 'idle' | 'head' | 'body' {
    if (this.#body !== undefined) return 'body';
    return this.#head === undefined && this.#carried === 0 ? 'idle' : 'head';
  }

  push(data: Buffer): void {
    const octets = this.#carry === undefined ? data : this.#append(this.#carry, data);
    let at = 0;
    for (;;) {
      const next = this.#step(octets, at);
      if (next < 0) break;
      at = next;
    }
    this.#keep(octets, at);
  }

  /** Consumes one part of a request; returns where the next one starts, or -1 when octets are missing. */
  #step(octets: Buffer, at: number): number {
    if (this.#body !== undefined) return this.#stepBody(this.#body, octets, at);
    if (this.#head === undefined) return at < octets.length ? this.#stepHead(octets, at) : -1;
    const end = at + this.#head.encapsulated.headerBytes;
    return octets.length < end ? -1 : this.#stepHttpHeader(this.#head, octets, at, end);
  }

  #stepHead(octets: Buffer, at: number): number {
    for (;;) {
      const lf = octets.indexOf(LF, at + this.#scanned);
      const size = (lf < 0 ? octets.length : lf + 1) - at;
      if (this.#lines === 0 && size > ICAP_LIMITS.startLineBytes)
        throw new IcapParseError('start_line_too_long');
      if (this.#lines > 0 && size > ICAP_LIMITS.startLineBytes + ICAP_LIMITS.headerBytes) {
        throw new IcapParseError('header_too_large');
      }
      this.#scanned = size;
      if (lf < 0) return -1;
      if (lf === at || octets[lf - 1] !== CR) throw new IcapParseError('bare_line_feed');
      const isEmpty = size === this.#lineStart + 2;
      this.#lineStart = size;
      if (isEmpty) return this.#completeHead(octets, at, lf + 1);
      // The start line is not one of the hundred.
      if (++this.#lines > ICAP_LIMITS.headerLines + 1) throw new IcapParseError('header_too_large');
    }
  }

  #completeHead(octets: Buffer, at: number, end: number): number {
    if (this.#lines === 0) throw new IcapParseError('start_line');
    const lines = octets.toString('latin1', at, end - 4).split('\r\n');
    const headerBytes = end - at - lines[0]!.length - 4;
    if (headerBytes > ICAP_LIMITS.headerBytes) throw new IcapParseError('header_too_large');
    this.#scanned = this.#lineStart = this.#lines = 0;
    this.#head = parseHead(lines);
    return end;
  }

  #stepHttpHeader(head: IcapHead, octets: Buffer, at: number, end: number): number {
    if (end > at && octets.indexOf(HEADER_END, at) !== end - HEADER_END.length) {
      throw new IcapParseError('http_header_end');
    }
    if (head.encapsulated.hasBody) this.#body = new ChunkedBody(head.preview);
    this.#events.onRequest(head, octets.subarray(at, end));
    if (this.#body === undefined) this.#finish();
    return end;
  }

  #stepBody(body: ChunkedBody, octets: Buffer, at: number): number {
    if (at >= octets.length) return -1;
    const end = body.consume(octets, at);
    if (end > at) this.#events.onBody(octets.subarray(at, end));
    if (!body.done) return -1;
    this.#body = undefined;
    this.#finish();
    return end;
  }

  #finish(): void {
    this.#head = undefined;
    this.#serial += 1;
    this.#events.onEnd();
  }

  /** Joins what was kept and what came, doubling the room so that single octets do not cost a copy of everything. */
  #append(carry: Buffer, data: Buffer): Buffer {
    const size = this.#carried + data.length;
    let room = carry;
    if (size > room.length) {
      room = Buffer.allocUnsafe(Math.max(size, room.length * 2));
      carry.copy(room, 0, 0, this.#carried);
      this.#carry = room;
    }
    data.copy(room, this.#carried);
    this.#carried = size;
    return room.subarray(0, size);
  }

  #keep(octets: Buffer, at: number): void {
    const rest = this.#body === undefined ? octets.length - at : 0;
    if (rest === 0) {
      this.#carry = undefined;
      this.#carried = 0;
    } else if (at > 0 || this.#carry === undefined) {
      // Emitted buffers may still point into the old room: the rest moves to a new one.
      this.#carry = Buffer.allocUnsafe(Math.max(rest * 2, 256));
      octets.copy(this.#carry, 0, at);
      this.#carried = rest;
    }
  }
}
