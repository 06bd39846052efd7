import type { FastifyInstance, FastifyRequest } from 'fastify';
import './request.ts';
import { z } from 'zod';
import type { ApiActor, PartnerRoute, Route } from '../../src/channels/api/route.ts';
import { assert } from '../../src/errors.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { HttpConfig } from '../../src/runtime/config/http.ts';
import type { AuthenticatePartner, PartnerActor } from '../../src/partners/ports.ts';
import type { Logger } from '../../src/runtime/log.ts';
import { authenticator, type ResolveToken } from './authenticate.ts';
import { partnerAuthenticator } from './authenticate-partner.ts';
import { withDeadline } from './deadline.ts';
import { operationOf } from './openapi.ts';
import { WireProblem } from './problem.ts';

interface MountDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly resolveToken: ResolveToken;
  /** Absent where no route needs it. */
  readonly authenticatePartner?: AuthenticatePartner | undefined;
}

function isSigned(route: Route | PartnerRoute): route is PartnerRoute {
  return route.auth === 'partner';
}

/** The operations of partners: each with its signature, schemas and deadline. */
function mountPartnerRoutes(
  app: FastifyInstance,
  routes: readonly PartnerRoute[],
  config: HttpConfig,
  { clock, log, authenticatePartner }: MountDeps,
): void {
  if (routes.length === 0) return;
  assert(authenticatePartner !== undefined, 'the partner API is mounted with its authentication');
  const signed = partnerAuthenticator(app, config, { authenticatePartner, log });
  for (const route of routes) {
    app.route({
      method: route.method,
      url: route.path,
      schema: operationOf(route),
      config: { example: route.example },
      onRequest: signed.onRequest,
      preValidation: signed.preValidation,
      handler: async (request, reply) => {
        const { partner } = request;
        assert(partner !== undefined, 'a request past its signature check has a partner');
        const answer = await withDeadline(
          clock,
          config.handlerTimeoutMs,
          handleSigned(route, partner, request),
        );
        return reply.header('cache-control', 'no-store').type('application/json').send(answer);
      },
    });
  }
}

async function handleSigned(
  route: PartnerRoute,
  partner: PartnerActor,
  { params, query, body }: FastifyRequest,
): Promise<unknown> {
  return route.handle(partner, { params, query, body });
}

/** Mounts the operations of the API: each with its token, scope, schemas, idempotency key and deadline. */
export function mountRoutes(
  app: FastifyInstance,
  routes: readonly (Route | PartnerRoute)[],
  config: HttpConfig,
  deps: MountDeps,
): void {
  const authenticated = authenticator(app, config, deps.resolveToken);
  mountPartnerRoutes(app, routes.filter(isSigned), config, deps);
  for (const route of routes) {
    if (isSigned(route)) continue;
    app.route({
      method: route.method,
      url: route.path,
      schema: operationOf(route),
      config: { example: route.example },
      onRequest: authenticated(route.scope),
      preValidation: (request, _reply, done) => {
        done(idempotencyProblem(route, request));
      },
      handler: async (request, reply) => {
        const { actor } = request;
        assert(actor !== undefined, 'a request past its scope check has an actor');
        const answer = await withDeadline(deps.clock, config.handlerTimeoutMs, handle(route, actor, request));
        return reply.header('cache-control', 'no-store').type('application/json').send(answer);
      },
    });
  }
}

/** A handler that throws instead of rejecting is no different. */
async function handle(route: Route, actor: ApiActor, request: FastifyRequest): Promise<unknown> {
  return route.handle(actor, {
    params: request.params,
    query: request.query,
    body: request.body,
    idempotencyKey: route.idempotent === true ? String(request.headers['idempotency-key']) : '',
  });
}

/** As in the IETF draft "The Idempotency-Key HTTP Header Field": the client chooses, for example a UUID. */
export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/)
  .meta({
    description:
      'Any unique text without spaces; the same key again answers the first outcome, for 62 days. An older UUIDv7 is refused, any other key is then new.',
  });

function idempotencyProblem(route: Route, request: FastifyRequest): Error | undefined {
  if (route.idempotent !== true || idempotencyKey.safeParse(request.headers['idempotency-key']).success)
    return undefined;
  return new WireProblem(
    400,
    'idempotency_key_missing',
    'Send the header Idempotency-Key with 1 to 128 printable characters, new for each operation and the same when you ' +
      'repeat it, for example: Idempotency-Key: 0f0c1d52-6b3e-4c69-9a3e-2f1f0b6a7c11',
  );
}
