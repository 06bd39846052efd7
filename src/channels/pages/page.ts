import type { TraceId } from '../../values/trace.ts';

/** What a person's browser sent, already bounded by the HTTP wire. Names of headers are in lower case. */
export interface PageRequest {
  readonly query: Readonly<Record<string, string | undefined>>;
  /** Fields of an `application/x-www-form-urlencoded` body; empty for GET. */
  readonly form: Readonly<Record<string, string | undefined>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly trace: TraceId;
}

export interface PageResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * A server-rendered page as a value. The HTTP wire mounts a list of them and knows none: no token, no script, every
 * header (content type, CSP, caching) comes from the page. A Fault thrown by `handle` becomes a plain 503.
 */
export interface Page {
  readonly method: 'GET' | 'POST';
  /** Exact path, for example `/offer`. */
  readonly path: string;
  handle(request: PageRequest): Promise<PageResponse>;
}
