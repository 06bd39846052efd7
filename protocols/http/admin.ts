import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../src/runtime/clock.ts';
import type { AdminConfig } from '../../src/runtime/config/http.ts';
import type { Logger } from '../../src/runtime/log.ts';
import { registry } from '../../src/runtime/metrics.ts';
import { withDeadline } from './deadline.ts';

/** Something that must be well before traffic is wanted: the database, a bind, free disk. Rejecting means not ready. */
export interface ReadinessCheck {
  readonly name: string;
  readonly check: () => Promise<boolean> | boolean;
}

export interface AdminDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly checks: readonly ReadinessCheck[];
}

export interface AdminServer {
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Metrics and health on a port of their own, without Fastify and without tokens: it answers while everything else is
 * in trouble, and belongs to the operator's network only.
 */
export async function startAdmin(config: AdminConfig, deps: AdminDeps): Promise<AdminServer> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000, keepAliveTimeout: 5_000 });
  server.maxConnections = 100;
  server.on('request', (request, response) => {
    response.on('error', () => response.destroy());
    request.resume();
    answer(request, config, deps).then(
      (reply) => write(response, reply),
      (error: unknown) => {
        deps.log.error({ err: error }, 'admin request failed');
        write(response, { status: 500, type: 'text/plain', body: 'failed\n' });
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, resolve);
  });
  server.on('error', (error) => deps.log.error({ err: error }, 'admin listener failed'));
  const { address, port, family } = server.address() as AddressInfo;
  return {
    address: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

async function answer(request: IncomingMessage, config: AdminConfig, deps: AdminDeps): Promise<Reply> {
  const path = (request.url ?? '').split('?', 1)[0];
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { status: 405, type: 'text/plain', body: 'only GET\n' };
  }
  if (path === '/healthz') return { status: 200, type: 'text/plain', body: 'ok\n' };
  if (path === '/readyz') return readiness(config, deps);
  if (path === '/metrics') return { status: 200, type: registry.contentType, body: await registry.metrics() };
  return { status: 404, type: 'text/plain', body: 'try /metrics, /healthz or /readyz\n' };
}

/** 200 when every check is well, else 503; the body names them all. */
async function readiness({ checkTimeoutMs }: AdminConfig, { clock, log, checks }: AdminDeps): Promise<Reply> {
  const results = await Promise.all(
    checks.map(async ({ name, check }) => {
      const asked = (async () => check())();
      const ok = await withDeadline(clock, checkTimeoutMs, asked).catch((error: unknown) => {
        log.warn({ err: error, check: name }, 'readiness check failed');
        return false;
      });
      return { name, ok };
    }),
  );
  const ready = results.every(({ ok }) => ok);
  const body = `${JSON.stringify({ ready, checks: results })}\n`;
  return { status: ready ? 200 : 503, type: 'application/json', body };
}

function write(response: ServerResponse, { status, type, body }: Reply): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
