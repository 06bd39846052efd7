import { pino } from 'pino';
import { startHttp, type HttpServer } from '../../protocols/http/server.ts';
import { SCOPES, type PartnerRoute, type Route, type Scope } from '../../src/channels/api/route.ts';
import type { Page } from '../../src/channels/pages/page.ts';
import type { AuthenticatePartner } from '../../src/partners/ports.ts';
import { manualClock, type ManualClock } from '../../src/runtime/clock.ts';
import { httpConfig, type HttpConfig } from '../../src/runtime/config/http.ts';

export interface TestHttp {
  readonly url: string;
  readonly port: number;
  readonly clock: ManualClock;
  /** Lines of the log, parsed. */
  readonly logged: readonly Record<string, unknown>[];
  readonly server: HttpServer;
  /** A JSON call with the token `all` unless `token` says otherwise (null: none). */
  call(method: string, path: string, options?: CallOptions): Promise<TestAnswer>;
}

export interface CallOptions {
  readonly token?: string | null;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Empty when the answer is not JSON. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** A server on a free port whose tokens are scope names, and `all` for all of them. */
export async function startTestHttp(given: {
  readonly routes?: readonly (Route | PartnerRoute)[];
  readonly authenticatePartner?: AuthenticatePartner;
  readonly pages?: readonly Page[];
  readonly config?: Partial<HttpConfig>;
  readonly clock?: ManualClock;
  readonly logLevel?: string;
  readonly resolveToken?: (secret: string) => Promise<{ name: string; scopes: readonly Scope[] } | undefined>;
}): Promise<TestHttp> {
  const clock = given.clock ?? manualClock();
  const logged: Record<string, unknown>[] = [];
  const config = httpConfig.parse({
    port: 0,
    requestsPerMinute: 10_000_000,
    badTokensPerMinute: 10_000_000,
    ...given.config,
  });
  const server = await startHttp(config, {
    clock,
    log: pino(
      { level: given.logLevel ?? 'debug' },
      { write: (line) => logged.push(JSON.parse(line) as Record<string, unknown>) },
    ),
    routes: given.routes ?? [],
    authenticatePartner: given.authenticatePartner,
    pages: given.pages ?? [],
    resolveToken: given.resolveToken ?? ((secret) => Promise.resolve(holderOf(secret))),
    version: '0.0.0',
  });
  return {
    url: server.address,
    port: Number(new URL(server.address).port),
    clock,
    logged,
    server,
    call: (method, path, options = {}) => call(server.address, method, path, options),
  };
}

function holderOf(secret: string): { name: string; scopes: readonly Scope[] } | undefined {
  if (secret === 'all') return { name: 'all', scopes: SCOPES };
  const scope = SCOPES.find((one) => one.replace(':', '-') === secret);
  return scope === undefined ? undefined : { name: secret, scopes: [scope] };
}

async function call(base: string, method: string, path: string, options: CallOptions): Promise<TestAnswer> {
  const { token = 'all', body, raw } = options;
  const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const answer = await fetch(base + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(sent === undefined ? {} : { body: sent }),
  });
  const text = await answer.text();
  const isJson = /json/.test(answer.headers.get('content-type') ?? '');
  const json = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: answer.status, headers: answer.headers, text, json };
}
