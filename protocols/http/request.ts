import type { ApiActor, RouteExample } from '../../src/channels/api/route.ts';
import type { Instant } from '../../src/values/instant.ts';
import type { TraceId } from '../../src/values/trace.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    example?: RouteExample | undefined;
  }
  interface FastifyRequest {
    trace: TraceId;
    arrivedAt: Instant;
    /** Who calls; undefined on pages and before the token is checked. */
    actor: ApiActor | undefined;
  }
}
