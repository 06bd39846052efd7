import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import './request.ts';
import type { ApiActor, Scope } from '../../src/channels/api/route.ts';
import type { HttpConfig } from '../../src/runtime/config/http.ts';
import { WireProblem } from './problem.ts';

/** Whose token it is; undefined for none. Rejects when it cannot be told now. */
export type ResolveToken = (
  secret: string,
) => Promise<{ readonly name: string; readonly scopes: readonly Scope[] } | undefined>;

const MINUTE_MS = 60_000;

/** Checks token, rate and scope, in this order and before any octet of the body is looked at. */
export function authenticator(
  app: FastifyInstance,
  config: HttpConfig,
  resolveToken: ResolveToken,
): (scope: Scope) => onRequestAsyncHookHandler {
  const badTokens = app.createRateLimit({ max: config.badTokensPerMinute, timeWindow: MINUTE_MS });
  const calls = app.createRateLimit({
    max: config.requestsPerMinute,
    timeWindow: MINUTE_MS,
    keyGenerator: (request) => request.actor?.name ?? request.ip,
  });

  const actorOf = async (request: FastifyRequest): Promise<ApiActor> => {
    const secret = bearerOf(request.headers.authorization);
    if (secret === undefined) throw unauthenticated('Send the header "Authorization: Bearer <token>".');
    const before = await badTokens(request, { increment: false });
    if (!before.isAllowed && before.remaining === 0) throw rateLimited(before.ttlInSeconds);
    const holder = await resolveToken(secret);
    if (holder === undefined) {
      await badTokens(request);
      throw unauthenticated('The token is unknown or revoked; create one with "bonusgate token create".');
    }
    return { name: holder.name, scopes: holder.scopes, trace: request.trace };
  };

  return (scope) => async (request) => {
    const actor = await actorOf(request);
    request.actor = actor;
    const rate = await calls(request);
    if (!rate.isAllowed && rate.isExceeded) throw rateLimited(rate.ttlInSeconds);
    if (!actor.scopes.includes(scope)) {
      throw new WireProblem(403, 'scope_missing', `The token needs the scope ${scope}.`);
    }
  };
}

/** RFC 6750 §2.1; the scheme's case does not matter (RFC 9110 §11.1). */
function bearerOf(header: string | undefined): string | undefined {
  return /^bearer +([A-Za-z0-9._~+/-]{1,512}=*)$/i.exec(header ?? '')?.[1];
}

function unauthenticated(detail: string): WireProblem {
  return new WireProblem(401, 'unauthenticated', detail, { 'www-authenticate': 'Bearer realm="bonusgate"' });
}

/** The 429 of every limit of this server. */
export function rateLimited(retryAfterS: number): WireProblem {
  const seconds = Math.max(1, retryAfterS);
  const detail = `Too many requests; go on in ${seconds} s.`;
  return new WireProblem(429, 'rate_limited', detail, { 'retry-after': String(seconds) });
}
