import type { ApiActor, RouteExample } from '../../src/channels/api/route.ts';
import type { PartnerActor } from '../../src/partners/ports.ts';
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
    /** Who signed; only on operations of the partner API. */
    partner: PartnerActor | undefined;
    /** What the signature says of the body, in hex. */
    signedBodyHash: string | undefined;
    /** The body as it came; undefined without one. */
    bodyOctets: Buffer | undefined;
  }
}
