import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import { fastify, type FastifyInstance, type FastifyRequest } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import './request.ts';
import type { PartnerRoute, Route } from '../../src/channels/api/route.ts';
import type { Page } from '../../src/channels/pages/page.ts';
import type { AuthenticatePartner } from '../../src/partners/ports.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { HttpConfig } from '../../src/runtime/config/http.ts';
import type { Logger } from '../../src/runtime/log.ts';
import { traceAndLog } from './access-log.ts';
import type { ResolveToken } from './authenticate.ts';
import { answerClientError } from './client-error.ts';
import { serveOpenapi } from './openapi.ts';
import { mountPages } from './pages.ts';
import { failureOf, PROBLEM_TYPE, WireProblem } from './problem.ts';
import { mountRoutes } from './routes.ts';

export interface HttpDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly routes: readonly (Route | PartnerRoute)[];
  readonly pages: readonly Page[];
  readonly resolveToken: ResolveToken;
  /** Who signed a request; absent where no route is for partners. */
  readonly authenticatePartner?: AuthenticatePartner | undefined;
  /** Of the software, for the OpenAPI document. */
  readonly version: string;
}

export interface HttpServer {
  /** Where it listens, for example `http://127.0.0.1:8080`. */
  readonly address: string;
  /** Stops listening, lets requests in flight finish, cuts what is left after the stop time-out. */
  close(): Promise<void>;
}

const RETRY = { 'retry-after': '2' };

/** Listens for the API and the pages. Rejects when the port is taken or a TLS file cannot be read. */
export async function startHttp(config: HttpConfig, deps: HttpDeps): Promise<HttpServer> {
  const app = await createApp(config, deps.log);
  let stopping = false;
  traceAndLog(app, deps.clock, deps.log);
  app.addHook('onRequest', (_request, _reply, done) => {
    done(
      stopping
        ? new WireProblem(503, 'stopping', 'The server is stopping; repeat in a moment.', RETRY)
        : undefined,
    );
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (stopping) reply.header('connection', 'close');
    done(null, payload);
  });
  // Before any scope is made: scopes take over the handler that is there at their birth.
  answerErrors(app, deps);
  await app.register(rateLimit, { global: false });
  await serveOpenapi(app, deps.version, config.publicBaseUrl);
  await app.register((api) => {
    acceptJson(api);
    mountRoutes(api, deps.routes, config, deps);
    return Promise.resolve();
  });
  await mountPages(app, deps.pages, config, deps);

  const address = await app.listen({ host: config.host, port: config.port });
  app.server.maxConnections = config.connectionsMax;
  return {
    address,
    close: async () => {
      stopping = true;
      const cancel = deps.clock.after(config.stopTimeoutMs, () => app.server.closeAllConnections());
      await app.close().finally(cancel);
    },
  };
}

async function createApp(config: HttpConfig, log: Logger): Promise<FastifyInstance> {
  const shared = {
    // Own logging: the framework would write paths, which hold numbers of subscribers.
    logger: false,
    trustProxy: config.trustedProxies.length === 0 ? false : [...config.trustedProxies],
    bodyLimit: config.bodyMaxBytes,
    connectionTimeout: config.idleTimeoutMs,
    requestTimeout: config.requestTimeoutMs,
    keepAliveTimeout: config.keepAliveMs,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 128 },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: Parameters<typeof answer>[1]) =>
      answer(error, reply, log, request),
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) => answerClientError(error, socket),
  } as const;
  // Checked often enough that a deadline of seconds means seconds.
  const server = {
    headersTimeout: config.headTimeoutMs,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: 16_384,
  };
  const app =
    config.tls === undefined
      ? fastify({ ...shared, http: server } as object)
      : fastify({
          ...shared,
          https: { ...server, ...(await certificate(config.tls)), minVersion: 'TLSv1.2' },
        } as object);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  return app;
}

async function certificate(tls: NonNullable<HttpConfig['tls']>): Promise<{ cert: Buffer; key: Buffer }> {
  const [cert, key] = await Promise.all([readFile(tls.certFile), readFile(tls.keyFile)]);
  return { cert, key };
}

/** JSON only; an empty body is no body, so that operations without one need none. */
function acceptJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  // As octets: what a partner signed is compared before it is text.
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    request.bodyOctets = body;
    if (body.length === 0) done(null, undefined);
    else void parse(request, body.toString('utf8'), done);
  });
}

function answerErrors(app: FastifyInstance, { routes, pages, log }: HttpDeps): void {
  app.setErrorHandler((error, request, reply) => answer(error, reply, log, request));
  const paths = [...routes, ...pages].map(({ method, path }) => ({
    method,
    pattern: new RegExp(`^${path.replace(/:[A-Za-z]+/g, '[^/]+')}$`),
  }));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const allowed = [
      ...new Set(paths.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method)),
    ];
    const problem =
      allowed.length === 0
        ? new WireProblem(404, 'not_found', 'There is nothing here; GET /openapi.json lists every operation.')
        : new WireProblem(405, 'method_not_allowed', `Use ${allowed.join(' or ')}.`, {
            allow: allowed.join(', '),
          });
    return answer(problem, reply, log, request);
  });
}

function answer(
  error: unknown,
  reply: {
    code(status: number): { headers(h: object): { type(t: string): { send(body: string): unknown } } };
  },
  log: Logger,
  request: FastifyRequest,
): unknown {
  const { problem, headers, fault } = failureOf(error);
  if (fault) log.error({ err: error, trace: request.trace }, 'http handler failed');
  const example = request.routeOptions.config.example?.body;
  const shown = problem.status === 400 && example !== undefined ? { example } : {};
  const body = JSON.stringify({ ...problem, trace: request.trace, ...shown });
  return reply.code(problem.status).headers(headers).type(PROBLEM_TYPE).send(body);
}
