import { Fault, IntakeFull, Refusal, type RefusalDetail } from '../../src/errors.ts';
import type { TraceId } from '../../src/values/trace.ts';
import { HTTP_STATUS, REFUSAL_TEXT } from './status.ts';

export const PROBLEM_TYPE = 'application/problem+json';

/** An error answer (RFC 9457) with our members: `code` to switch on, `trace` to report, `errors` to fix. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly trace?: TraceId;
  /** Facts of a refusal, for example `{ "available": "350" }`. */
  readonly context?: Readonly<Record<string, string | number>>;
  /** Where a request does not fit its schema. */
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
  /** A request body that would have been accepted. */
  readonly example?: unknown;
}

/** A "no" of the wire itself: bad token, bad JSON, too fast. */
export class WireProblem extends Error {
  override readonly name = 'WireProblem';
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export interface Failure {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
  /** Ours to look at, not the caller's. */
  readonly fault: boolean;
}

/** Turns whatever a handler or the framework threw into an answer; what it does not know is a fault. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Refusal) return ofRefusal(error);
  if (error instanceof WireProblem) {
    return {
      problem: problem(error.status, error.code, error.message),
      headers: error.headers,
      fault: false,
    };
  }
  if (error instanceof IntakeFull) {
    return {
      ...unavailable('intake_full', 'Too much is waiting already. Repeat the same request a little later.'),
      fault: false,
    };
  }
  const framework = ofFramework(error as FrameworkError);
  if (framework !== undefined) return { problem: framework, headers: {}, fault: false };
  const detail =
    error instanceof Fault
      ? 'A part of the system does not answer. Repeat the same request with the same Idempotency-Key; nothing is done twice.'
      : 'The request could not be finished. Repeat it with the same Idempotency-Key; nothing is done twice.';
  return unavailable('unavailable', detail);
}

/** Builds a problem whose type is a stable URN of its code. */
export function problem(status: number, code: string, detail: string): Problem {
  return { type: `urn:bonusgate:problem:${code}`, title: code.replaceAll('_', ' '), status, detail, code };
}

function unavailable(code: string, detail: string): Failure {
  return { problem: problem(503, code, detail), headers: { 'retry-after': '2' }, fault: true };
}

function ofRefusal({ code, detail }: Refusal): Failure {
  const base = problem(HTTP_STATUS[code], code, REFUSAL_TEXT[code]);
  const context = contextOf(detail);
  return { problem: context === undefined ? base : { ...base, context }, headers: {}, fault: false };
}

function contextOf(detail: RefusalDetail): Record<string, string | number> | undefined {
  const entries = Object.entries(detail);
  if (entries.length === 0) return undefined;
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'bigint' ? String(value) : value]),
  );
}

interface FrameworkError {
  readonly code?: string;
  readonly statusCode?: number;
  readonly message?: string;
  readonly validation?: readonly { readonly instancePath: string; readonly message?: string }[];
  readonly validationContext?: string;
}

/** Codes of Fastify (docs/Reference/Errors) that are the caller's fault. */
const FRAMEWORK: Readonly<Record<string, readonly [number, string, string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    415,
    'media_type',
    'Send the body with the header Content-Type: application/json.',
  ],
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'body_too_large', 'The body is too large; send fewer events at a time.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    400,
    'body_incomplete',
    'The body is not as long as Content-Length says.',
  ],
  FST_ERR_BAD_URL: [400, 'url_invalid', 'The path is not valid percent-encoded text.'],
  FST_ERR_MAX_PARAM_LENGTH: [414, 'url_too_long', 'A part of the path is too long.'],
};

function ofFramework(error: FrameworkError): Problem | undefined {
  if (error.validation !== undefined) return ofValidation(error, error.validation);
  const known = FRAMEWORK[error.code ?? ''];
  if (known !== undefined) return problem(...known);
  if (error instanceof SyntaxError || error.statusCode === 400) {
    return problem(400, 'body_invalid', 'The body is not valid JSON.');
  }
  return undefined;
}

function ofValidation(error: FrameworkError, issues: NonNullable<FrameworkError['validation']>): Problem {
  const place = error.validationContext ?? 'body';
  const errors = issues.slice(0, 20).map((issue) => ({
    path: place + issue.instancePath.replaceAll('/', '.'),
    message: issue.message ?? 'invalid',
  }));
  const first = errors[0];
  const detail = first === undefined ? `The ${place} is invalid.` : `${first.path}: ${first.message}`;
  return { ...problem(400, 'request_invalid', detail), errors };
}
