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

export interface FrameParser {
  /** Takes the next octets, in pieces of any size. Returns the first error for ever after it happened. Never throws. */
  push(chunk: Buffer, onFrame: (frame: EslFrame) => void): FrameError | undefined;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const EMPTY = Buffer.alloc(0);

/**
 * Cuts the octets of one connection into frames.
 *
 * Each octet is looked at once and copied at most twice, whatever the pieces: the search for the empty line never
 * starts over, and what is kept grows by doubling. `Content-Length` counts octets and may stand anywhere in the block.
 */
export function createFrameParser(limits: FrameLimits = FRAME_LIMITS): FrameParser {
  const kept = createCollector();
  let lineLength = 0;
  let bodyLeft = 0;
  let skipping = false;
  let headers: EslHeaders | undefined;
  let error: FrameError | undefined;

  /** Octets of `chunk` from `from` that belong to the header block; the block is complete when `headers` is set. */
  const takeHeader = (chunk: Buffer, from: number): number => {
    let at = from;
    while (at < chunk.length) {
      const newline = chunk.indexOf(NEWLINE, at);
      const end = newline === -1 ? chunk.length : newline + 1;
      const size = end - at;
      if (kept.length + size > limits.headerMax) {
        error = 'header_too_long';
        return chunk.length;
      }
      if (newline === -1) {
        lineLength += size;
        kept.add(chunk, at, end);
        return end;
      }
      const previous = size > 1 ? chunk[newline - 1] : kept.last();
      const empty = lineLength + size === 1 || (lineLength + size === 2 && previous === CARRIAGE_RETURN);
      lineLength = 0;
      at = end;
      if (!empty) kept.add(chunk, end - size, end);
      else if (kept.length > 1) {
        headers = parseHeaders(kept.take());
        return at;
      } else kept.take(); // empty lines between frames
    }
    return at;
  };

  const beginBody = (block: EslHeaders): void => {
    const text = block.get('content-length')?.trim() ?? '0';
    const length = /^\d{1,15}$/.test(text) ? Number(text) : -1;
    if (length < 0) {
      error = 'content_length_invalid';
      return;
    }
    bodyLeft = length;
    skipping = length > limits.bodyMax;
  };

  const takeBody = (chunk: Buffer, from: number): number => {
    const end = Math.min(chunk.length, from + bodyLeft);
    if (!skipping) kept.add(chunk, from, end);
    bodyLeft -= end - from;
    return end;
  };

  return {
    push(chunk, onFrame) {
      let at = 0;
      while (at < chunk.length && error === undefined) {
        if (headers === undefined) {
          at = takeHeader(chunk, at);
          if (headers === undefined) continue;
          beginBody(headers);
          if (error !== undefined) break;
        }
        at = takeBody(chunk, at);
        if (bodyLeft > 0) continue;
        const frame = { headers, body: kept.take(), bodySkipped: skipping };
        headers = undefined;
        skipping = false;
        onFrame(frame);
      }
      if (error !== undefined) kept.take();
      return error;
    },
  };
}

interface Collector {
  readonly length: number;
  last(): number | undefined;
  add(chunk: Buffer, start: number, end: number): void;
  /** Hands over what was collected and starts anew. */
  take(): Buffer;
}

function createCollector(): Collector {
  let buffer = EMPTY;
  let length = 0;
  return {
    get length() {
      return length;
    },
    last: () => (length === 0 ? undefined : buffer[length - 1]),
    add(chunk, start, end) {
      const needed = length + end - start;
      if (needed > buffer.length) {
        const grown = Buffer.allocUnsafe(Math.max(needed, buffer.length * 2, 512));
        buffer.copy(grown, 0, 0, length);
        buffer = grown;
      }
      length += chunk.copy(buffer, length, start, end);
    },
    take() {
      const taken = buffer.subarray(0, length);
      buffer = EMPTY;
      length = 0;
      return taken;
    },
  };
}
