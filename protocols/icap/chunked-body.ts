import { parseHeaders } from './headers.ts';
import { ICAP_LIMITS, IcapParseError, type ParseErrorKind } from './limits.ts';

const CR = 13;
const LF = 10;
const CHUNK_LINE = /^([0-9A-Fa-f]{1,8})[ \t]*((?:;[\t\x20-\x7e]*)?)$/;
const IEOF = /^;[ \t]*ieof[ \t]*$/i;

/**
 * Follows the framing of a chunked body (RFC 7230 §4.1, `ieof` of RFC 3507 §4.5) without keeping its data: only a
 * size line or a trailer line is ever held, and both are capped.
 */
export class ChunkedBody {
  readonly #preview: number | undefined;
  #state: 'size' | 'data' | 'data_end' | 'trailer' | 'done' = 'size';
  #line = '';
  #left = 0;
  #seen = 0;
  #trailers: string[] = [];
  #trailerBytes = 0;

  /** `preview`: the client stops after so many octets and a zero chunk, which then ends the request. */
  constructor(preview: number | undefined) {
    this.#preview = preview;
  }

  get done(): boolean {
    return this.#state === 'done';
  }

  /** Consumes from `at` and returns where it stopped: at the end of the octets, or of the body. */
  consume(octets: Buffer, at: number): number {
    while (at < octets.length && this.#state !== 'done') {
      switch (this.#state) {
        case 'data': {
          const taken = Math.min(this.#left, octets.length - at);
          this.#left -= taken;
          at += taken;
          if (this.#left === 0) this.#state = 'data_end';
          break;
        }
        case 'data_end':
          // A line of at most two octets that ends in CRLF is CRLF.
          at = this.#takeLine(octets, at, 2, 'chunk_end', () => {
            this.#state = 'size';
          });
          break;
        case 'size':
          at = this.#takeLine(octets, at, ICAP_LIMITS.chunkLineBytes, 'chunk_line_too_long', () => {
            this.#beginChunk(this.#line);
          });
          break;
        case 'trailer':
          at = this.#takeLine(octets, at, ICAP_LIMITS.headerBytes, 'trailer', () => {
            this.#takeTrailer(this.#line);
          });
      }
    }
    return at;
  }

  /** Reads up to a CRLF, which may come in pieces; `complete` sees the line without it. */
  #takeLine(octets: Buffer, at: number, cap: number, tooLong: ParseErrorKind, complete: () => void): number {
    const lf = octets.indexOf(LF, at);
    const end = lf < 0 ? octets.length : lf + 1;
    if (this.#line.length + end - at > cap) throw new IcapParseError(tooLong);
    this.#line += octets.toString('latin1', at, end);
    if (lf < 0) return end;
    if (this.#line.charCodeAt(this.#line.length - 2) !== CR) throw new IcapParseError('bare_line_feed');
    this.#line = this.#line.slice(0, -2);
    complete();
    this.#line = '';
    return end;
  }

  #beginChunk(line: string): void {
    const match = CHUNK_LINE.exec(line);
    if (match === null) throw new IcapParseError('chunk_line');
    const size = Number.parseInt(match[1]!, 16);
    if (/;[ \t]*ieof/i.test(match[2]!)) {
      // The whole body fitted into the preview; said anywhere else it is nonsense.
      const allowed = size === 0 && this.#preview !== undefined && IEOF.test(match[2]!);
      if (!allowed) throw new IcapParseError('chunk_line');
    }
    this.#seen += size;
    if (this.#preview !== undefined && this.#seen > this.#preview)
      throw new IcapParseError('preview_exceeded');
    this.#left = size;
    this.#state = size === 0 ? 'trailer' : 'data';
  }

  #takeTrailer(line: string): void {
    if (line === '') {
      parseHeaders(this.#trailers, 'trailer');
      this.#state = 'done';
      return;
    }
    this.#trailerBytes += line.length + 2;
    this.#trailers.push(line);
    const tooLarge =
      this.#trailerBytes > ICAP_LIMITS.headerBytes || this.#trailers.length > ICAP_LIMITS.headerLines;
    if (tooLarge) throw new IcapParseError('trailer');
  }
}
