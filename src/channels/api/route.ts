import type { z } from 'zod';
import type { PartnerActor } from '../../partners/operation.ts';
import type { TraceId } from '../../values/trace.ts';

/** Who calls: resolved from the bearer token by the HTTP wire. */
export interface ApiActor {
  /** Token name, stored with each request for audit. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly trace: TraceId;
}

/** What a token may do; printed by `bonusgate token create --help`. */
export const SCOPES = [
  'events:write',
  'subscribers:read',
  'subscribers:write',
  'ledger:write',
  'ledger:read',
  'parameters:write',
  'rules:read',
  'rules:write',
  'rules:publish',
  'partners:read',
  'partners:write',
  'reports:read',
  'catalogue:read',
  'catalogue:write',
  'controls:read',
  'controls:write',
] as const;
export type Scope = (typeof SCOPES)[number];

/** One call that works, for the documentation and for error answers; checked against the schemas by a test. */
export interface RouteExample {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly answer: unknown;
}

/**
 * An HTTP operation as a value. The wire mounts a list of them (authentication, limits, problem+json, OpenAPI) and
 * knows no noun. A {@link Refusal} thrown by `handle` becomes 4xx problem+json, a Fault or IntakeFull a 503 with
 * Retry-After.
 */
export interface Route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
> {
  /** A bearer token, unless it says otherwise. */
  readonly auth?: undefined;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Fastify form: `/v1/subscribers/:msisdn`. */
  readonly path: string;
  readonly scope: Scope;
  readonly summary: string;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly answer: Answer;
  /** True when the operation needs an `Idempotency-Key` header; it then arrives as `input.idempotencyKey`. */
  readonly idempotent?: boolean;
  readonly example?: RouteExample;
  handle(
    actor: ApiActor,
    input: {
      params: z.output<Params>;
      query: z.output<Query>;
      body: z.output<Body>;
      idempotencyKey: string;
    },
  ): Promise<z.input<Answer>>;
}

/**
 * An operation of the partner API. The caller is known by the signature of the whole request, so it cannot speak for
 * another partner, and has no scopes: what is shown and done is always its own.
 */
export interface PartnerRoute<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
> extends Omit<Route<Params, Query, Body, Answer>, 'scope' | 'idempotent' | 'handle' | 'auth'> {
  readonly auth: 'partner';
  handle(
    actor: PartnerActor,
    input: { params: z.output<Params>; query: z.output<Query>; body: z.output<Body> },
  ): Promise<z.input<Answer>>;
}

export function partnerRoute<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  A extends z.ZodType,
>(value: PartnerRoute<P, Q, B, A>): PartnerRoute {
  return value;
}

/** Keeps each route's types while it is written, and forgets them when it is listed. */
export function route<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  value: Route<P, Q, B, A>,
): Route {
  return value;
}
