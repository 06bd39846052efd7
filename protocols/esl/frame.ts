import { Collector } from './collector.ts';
import { parseHeaders, type EslHeaders } from './headers.ts';

/** One message of the event socket: a header block and, when `Content-Length` says so, a body. */
export interface EslFrame {
  readonly headers: EslHeaders;
  readonly body: Buffer;
  /** The body was longer than `bodyMax`: its octets were passed over and `body` is empty. */
  readonly bodySkipped: boolean;
}

/** Why no further octet of a peer can be understood. The connection must be closed. */
export type FrameError = 'header_too_long' | 'content_length_invalid';

export interface FrameLimits {
  /** Octets of one header block. */
  readonly headerMax: number;
  /** Octets of one body; a longer one is passed over without being kept. */
  readonly bodyMax: number;
}

export const FRAME_LIMITS: FrameLimits = { headerMax: 1024 * 1024, bodyMax: 8 * 1024 * 1024 };

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Cuts the octets of one connection into frames.
 *
 * Each octet is looked at once and copied a bounded number of times, whatever the pieces: the search for the empty
 * line never starts over. `Content-Length` counts octets and may stand anywhere in the block.
 */
export class FrameParser {
  private readonly limits: FrameLimits;
  private readonly kept = new Collector();
  /** Octets of the unfinished line already kept. */
  private lineLength = 0;
  private headers: EslHeaders | undefined;
  private bodyLeft = 0;
  private skipping = false;
  private error: FrameError | undefined;

  constructor(limits: FrameLimits = FRAME_LIMITS) {
    this.limits = limits;
  }

  /** Takes the next octets, in pieces of any size. Once it returned an error it reads nothing more. Never throws. */
  push(chunk: Buffer, onFrame: (frame: EslFrame) => void): FrameError | undefined {
    let at = 0;
    while (at < chunk.length && this.error === undefined) {
      at = this.headers === undefined ? this.takeLine(chunk, at) : this.takeBody(chunk, at);
      if (this.headers === undefined || this.bodyLeft > 0) continue;
      const frame = { headers: this.headers, body: this.kept.take(), bodySkipped: this.skipping };
      this.headers = undefined;
      this.skipping = false;
      onFrame(frame);
    }
    return this.error;
  }

  /** Takes the rest of one header line, or as much as there is of it; returns where the next begins. */
  private takeLine(chunk: Buffer, at: number): number {
    const newline = chunk.indexOf(NEWLINE, at);
    const end = newline === -1 ? chunk.length : newline + 1;
    if (this.kept.length + end - at > this.limits.headerMax) return this.fail('header_too_long', chunk);
    const last = newline > at ? chunk[newline - 1] : this.kept.last();
    this.kept.add(chunk, at, end);
    this.lineLength += end - at;
    if (newline === -1) return end;
    const empty = this.lineLength === 1 || (this.lineLength === 2 && last === CARRIAGE_RETURN);
    const blank = this.kept.length === this.lineLength;
    this.lineLength = 0;
    if (!empty) return end;
    const block = this.kept.take();
    if (blank) return end; // an empty line between frames
    return this.beginBody(parseHeaders(block)) ? end : this.fail('content_length_invalid', chunk);
  }

  private beginBody(headers: EslHeaders): boolean {
    const text = headers.get('content-length') ?? '0';
    if (!/^\d{1,15}$/.test(text)) return false;
    this.headers = headers;
    this.bodyLeft = Number(text);
    this.skipping = this.bodyLeft > this.limits.bodyMax;
    return true;
  }

  private takeBody(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.bodyLeft);
    if (!this.skipping) this.kept.add(chunk, at, end);
    this.bodyLeft -= end - at;
    return end;
  }

  private fail(error: FrameError, chunk: Buffer): number {
    this.error = error;
    this.kept.take();
    return chunk.length;
  }
}
