/** Caps of what one client may make us hold; beyond them the answer is an error and the connection ends. */
export const ICAP_LIMITS = {
  startLineBytes: 8 * 1024,
  headerBytes: 16 * 1024,
  headerLines: 100,
  httpHeaderBytes: 64 * 1024,
  chunkLineBytes: 1024,
} as const;

/** Statuses of RFC 3507 §4.3.3 that this server answers with. */
export const ICAP_REASONS = {
  200: 'OK',
  204: 'No Content',
  400: 'Bad Request',
  404: 'Service Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  501: 'Method Not Implemented',
  503: 'Service Overloaded',
  505: 'ICAP Version Not Supported',
} as const;

export type IcapErrorStatus = Exclude<keyof typeof ICAP_REASONS, 200 | 204>;

/** Every way in which octets are not a request; one counter per kind. */
export const PARSE_ERRORS = [
  'start_line',
  'start_line_too_long',
  'version',
  'method',
  'uri',
  'header',
  'header_too_large',
  'bare_line_feed',
  'host',
  'encapsulated',
  'http_header_too_large',
  'http_header_end',
  'preview',
  'chunk_line',
  'chunk_line_too_long',
  'chunk_end',
  'preview_exceeded',
  'trailer',
] as const;
export type ParseErrorKind = (typeof PARSE_ERRORS)[number];

/** Raised by the parser: answer `status`, then close; a doubtful stream is never picked up again. */
export class IcapParseError extends Error {
  override readonly name = 'IcapParseError';
  readonly kind: ParseErrorKind;
  readonly status: IcapErrorStatus;

  constructor(kind: ParseErrorKind, status: IcapErrorStatus = 400) {
    super(kind);
    this.kind = kind;
    this.status = status;
  }
}
