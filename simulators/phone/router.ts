import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** A mistake of the caller, told as it is. */
export class PhoneError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Checked fields of a JSON body or of a query. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  /** @throws PhoneError when the field is missing and there is no fallback, or is no text of at most 2,000 characters */
  text(name: string, fallback?: string): string {
    const value = this.#values[name] ?? fallback;
    if (typeof value !== 'string' || value.length > 2_000) throw new PhoneError(400, `${name} must be text`);
    return value;
  }

  /** @throws PhoneError when the field is no whole number within the bounds */
  number(name: string, { min, max, fallback }: { min: number; max: number; fallback?: number }): number {
    const value = Number(this.#values[name] ?? fallback);
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new PhoneError(400, `${name} must be a whole number from ${min} to ${max}`);
    }
    return value;
  }

  raw(name: string): unknown {
    return this.#values[name];
  }
}

/** Endpoints as values: `POST /phone/api/messages` to what answers it. */
export type Endpoints = Readonly<Record<string, (fields: Fields) => Promise<unknown>>>;

const BODY_LIMIT = 65_536;

/** Reads a request body as text, bounded. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_LIMIT) throw new PhoneError(413, 'too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Only a page that we served may talk to us: other sites in the same browser can reach loopback too, by a form or by
 * a name that resolves to 127.0.0.1. Pages inside the sandboxed frame send the origin `null`.
 */
export function checkSameSite(request: IncomingMessage, framed: boolean): void {
  const host = request.headers.host ?? '';
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host))
    throw new PhoneError(403, 'loopback names only');
  const { origin } = request.headers;
  const own = origin === undefined || origin === `http://${host}` || (framed && origin === 'null');
  if (!own && request.method !== 'GET') throw new PhoneError(403, 'not from another site');
}

/** Answers one API request; false when no endpoint has that name. */
export async function answerApi(
  endpoints: Endpoints,
  request: IncomingMessage,
  url: URL,
  response: ServerResponse,
): Promise<boolean> {
  const endpoint = endpoints[`${request.method ?? ''} ${url.pathname}`];
  if (endpoint === undefined) return false;
  const values = request.method === 'GET' ? Object.fromEntries(url.searchParams) : await jsonOf(request);
  sendJson(response, 200, await endpoint(new Fields(values)));
  return true;
}

async function jsonOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  if (!(request.headers['content-type'] ?? '').startsWith('application/json')) {
    throw new PhoneError(415, 'send application/json');
  }
  try {
    const value: unknown = JSON.parse(await bodyOf(request));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch (error) {
    if (error instanceof PhoneError) throw error;
  }
  throw new PhoneError(400, 'send one JSON object');
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(text);
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const HEADERS = {
  'cache-control': 'no-cache',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

/** Serves one file of the page; false when there is none of that name. */
export async function sendFile(name: string, response: ServerResponse): Promise<boolean> {
  const type = TYPES[path.extname(name)];
  if (type === undefined || !/^[a-z-]+\.[a-z]+$/.test(name)) return false;
  try {
    const content = await readFile(path.join(pageFolder(), name));
    response.writeHead(200, { ...HEADERS, 'content-type': type }).end(content);
    return true;
  } catch {
    return false;
  }
}

/** The page's files lie beside the source; the compiled program finds them from `dist/`. */
function pageFolder(): string {
  const here = fileURLToPath(new URL('./page', import.meta.url));
  return existsSync(here) ? here : fileURLToPath(new URL('../../../simulators/phone/page', import.meta.url));
}
