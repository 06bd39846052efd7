import formbody from '@fastify/formbody';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import './request.ts';
import type { Page, PageRequest } from '../../src/channels/pages/page.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { HttpConfig } from '../../src/runtime/config/http.ts';
import type { Logger } from '../../src/runtime/log.ts';
import { rateLimited } from './authenticate.ts';
import { withDeadline } from './deadline.ts';
import { failureOf, WireProblem } from './problem.ts';

/** Fields of a form on a page are few and short. */
const FORM_MAX_BYTES = 16_384;

/** What a page gets unless it says otherwise: no script, no frame, no referrer, no cache. */
const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  'cross-origin-opener-policy': 'same-origin',
  'content-type': 'text/html; charset=utf-8',
} as const;

/** Mounts pages for browsers in their own scope: forms instead of JSON, plain text instead of problem+json. */
export async function mountPages(
  parent: FastifyInstance,
  pages: readonly Page[],
  config: HttpConfig,
  deps: { readonly clock: Clock; readonly log: Logger },
): Promise<void> {
  await parent.register(async (app) => {
    app.removeAllContentTypeParsers();
    await app.register(formbody, { bodyLimit: FORM_MAX_BYTES });
    const visits = app.createRateLimit({ max: config.pagesPerMinute, timeWindow: 60_000 });
    const secure = config.publicBaseUrl?.startsWith('https:') === true;

    app.addHook('onRequest', async (request, reply) => {
      reply.headers(SECURITY_HEADERS);
      if (secure) reply.header('strict-transport-security', 'max-age=31536000');
      const rate = await visits(request);
      if (!rate.isAllowed && rate.isExceeded) throw rateLimited(rate.ttlInSeconds);
      if (request.method === 'POST') refuseForeignForm(request, config.publicBaseUrl);
    });

    app.setErrorHandler((error, request, reply) => {
      const { problem, headers, fault } = failureOf(error);
      if (fault) deps.log.error({ err: error, trace: request.trace }, 'page failed');
      return reply
        .code(problem.status)
        .headers(headers)
        .type('text/plain; charset=utf-8')
        .send(apology(problem.status));
    });

    for (const page of pages) {
      app.route({
        method: page.method,
        url: page.path,
        schema: { hide: true },
        handler: async (request, reply) => {
          const answered = (async () => page.handle(pageRequestOf(request)))();
          return send(reply, await withDeadline(deps.clock, config.handlerTimeoutMs, answered));
        },
      });
    }
  });
}

function send(reply: FastifyReply, page: Awaited<ReturnType<Page['handle']>>): FastifyReply {
  return reply
    .code(page.status)
    .headers({ ...page.headers })
    .send(page.body);
}

/**
 * A form posted from another site (CSRF). Browsers tell by Sec-Fetch-Site on secure origins and by Origin everywhere;
 * `Origin: null` is what our own pages send, because they ask for no referrer. The page's own token comes on top.
 */
function refuseForeignForm(request: FastifyRequest, publicBaseUrl: string | undefined): void {
  const site = request.headers['sec-fetch-site'];
  const { origin, host } = request.headers;
  const own = publicBaseUrl === undefined ? [] : [new URL(publicBaseUrl).origin];
  const sameHost = [`http://${host ?? ''}`, `https://${host ?? ''}`, ...own];
  const foreignSite = typeof site === 'string' && site !== 'same-origin' && site !== 'none';
  const foreignOrigin = origin !== undefined && origin !== 'null' && !sameHost.includes(origin);
  if (foreignSite || foreignOrigin)
    throw new WireProblem(403, 'foreign_form', 'The form came from another site.');
}

function pageRequestOf(request: FastifyRequest): PageRequest {
  return {
    query: firstOfEach(request.query),
    form: firstOfEach(request.body),
    headers: firstOfEach(request.headers),
    trace: request.trace,
  };
}

/** A repeated field counts once: what is checked must be what is used. */
function firstOfEach(fields: unknown): Record<string, string | undefined> {
  const found = Object.create(null) as Record<string, string | undefined>;
  for (const [name, value] of Object.entries((fields ?? {}) as Record<string, unknown>)) {
    const first: unknown = Array.isArray(value) ? value[0] : value;
    if (typeof first === 'string') found[name] = first;
  }
  return found;
}

/** Read by subscribers: both languages, nothing technical. */
function apology(status: number): string {
  if (status === 429)
    return 'Too many requests. Please try again in a minute.\nСлишком много запросов. Повторите через минуту.\n';
  if (status >= 500)
    return 'Sorry, this does not work right now. Please try again later.\nИзвините, сейчас это не работает. Повторите попытку позже.\n';
  return 'This request was not understood. Please go back and try again.\nЗапрос не понят. Вернитесь назад и попробуйте ещё раз.\n';
}
