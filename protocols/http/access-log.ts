import type { FastifyInstance } from 'fastify';
import './request.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Logger } from '../../src/runtime/log.ts';
import { counter, histogram } from '../../src/runtime/metrics.ts';
import { instant } from '../../src/values/instant.ts';
import type { TraceId } from '../../src/values/trace.ts';
import { traceOf } from './trace.ts';

const requests = counter('bonusgate_http_requests_total', 'HTTP requests by route and status', [
  'method',
  'route',
  'status',
]);
const durations = histogram('bonusgate_http_request_seconds', 'Time from the first header to the answer', [
  'route',
]);

/**
 * Gives every request its trace id, answers it in `X-Trace-Id`, and counts. Logged and labelled by the pattern of the
 * route: the path itself holds numbers of subscribers.
 */
export function traceAndLog(app: FastifyInstance, clock: Clock, log: Logger): void {
  app.decorateRequest('trace', '' as TraceId);
  app.decorateRequest('arrivedAt', instant(0));
  app.decorateRequest('actor', undefined);
  app.decorateRequest('partner', undefined);
  app.decorateRequest('signedBodyHash', undefined);
  app.decorateRequest('bodyOctets', undefined);

  app.addHook('onRequest', (request, reply, done) => {
    request.arrivedAt = clock.now();
    request.trace = traceOf(request.headers.traceparent);
    reply.header('x-trace-id', request.trace);
    done();
  });

  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    const ms = clock.now() - request.arrivedAt;
    requests.inc({ method: request.method, route, status: reply.statusCode });
    durations.observe({ route }, ms / 1_000);
    const line = {
      trace: request.trace,
      method: request.method,
      route,
      status: reply.statusCode,
      ms,
      actor: request.actor?.name ?? request.partner?.key,
    };
    if (reply.statusCode >= 500) log.warn(line, 'http request failed');
    else if (reply.statusCode >= 400) log.info(line, 'http request refused');
    else log.debug(line, 'http request');
    done();
  });
}
