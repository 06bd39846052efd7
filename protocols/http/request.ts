import type { ApiActor } from '../../src/channels/api/route.ts';
import type { Instant } from '../../src/values/instant.ts';
import type { TraceId } from '../../src/values/trace.ts';

declare module 'fastify' {
  interface FastifyRequest {
    trace: TraceId;
    arrivedAt: Instant;
    /** Who calls; undefined on pages and before the token is checked. */
    actor: ApiActor | undefined;
  }
}
