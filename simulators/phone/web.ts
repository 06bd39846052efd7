import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Feed } from './feed.ts';
import type { DemoSubscriber, Network, WebAnswer, WebRequest } from './network.ts';
import { bodyOf, type Endpoints, type Fields, PhoneError } from './router.ts';

/** One request of the handset's browser and what became of it. */
export interface Hop {
  readonly method: string;
  readonly url: string;
  readonly verdict: WebAnswer['verdict'] | 'failed';
  readonly status: number;
  readonly location: string | undefined;
}

interface Visit {
  readonly hop: Hop;
  readonly answer: WebAnswer | undefined;
}

/** The handset's browser: `visit` one address, or `frame` it for the page. */
export interface HandsetBrowser {
  readonly endpoints: Endpoints;
  /** Answers `/phone/web/MSISDN/http/HOST/PATH`: the real page with its links led back through here. */
  frame(
    subscriber: DemoSubscriber,
    request: IncomingMessage,
    response: ServerResponse,
    target: URL,
  ): Promise<void>;
}

const PREFIX = '/phone/web';
const HOPS_MAX = 10;

/** Reads the subscriber's number and the real address out of `/phone/web/79160000001/http/books.example/a?b`. */
export function parseFramePath(url: URL): { msisdn: string; target: URL } | undefined {
  const found = /^\/phone\/web\/(\d+)\/(https?)\/([^/]+)(\/.*)?$/.exec(url.pathname);
  if (found === null) return undefined;
  const [, msisdn = '', scheme = '', host = '', path = '/'] = found;
  const text = `${scheme}://${decodeURIComponent(host)}${path}${url.search}`;
  return URL.canParse(text) ? { msisdn, target: new URL(text) } : undefined;
}

/** The address inside the page under which a real address is shown. */
export function framePath(msisdn: string, target: URL): string {
  const scheme = target.protocol.slice(0, -1);
  return `${PREFIX}/${msisdn}/${scheme}/${encodeURIComponent(target.host)}${target.pathname}${target.search}`;
}

/** Makes the handset's browser, with cookies for each subscriber and site. */
export function openBrowser(
  network: Network,
  feed: Feed,
  subscriberOf: (fields: Fields, name?: string) => DemoSubscriber,
): HandsetBrowser {
  const jar = new Map<string, Map<string, string>>();
  const cookiesOf = (subscriber: DemoSubscriber, url: URL): Map<string, string> => {
    const key = `${subscriber.msisdn} ${url.hostname}`;
    const cookies = jar.get(key) ?? new Map<string, string>();
    jar.set(key, cookies);
    return cookies;
  };
  const visit = async (subscriber: DemoSubscriber, request: WebRequest): Promise<Visit> => {
    const cookies = cookiesOf(subscriber, request.url);
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = cookie === '' ? request.headers : { ...request.headers, cookie };
    let answer: WebAnswer | undefined;
    try {
      answer = await network.fetch(subscriber, { ...request, headers });
    } catch (error) {
      feed.log(subscriber.msisdn, 'HTTP', error instanceof Error ? error.message : String(error));
    }
    for (const line of answer?.setCookie ?? []) {
      const [, name, value] = /^([^=;\s]+)=([^;]*)/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) cookies.set(name, value);
    }
    const hop = hopOf(request, answer);
    feed.publish(subscriber.msisdn, { kind: 'web', data: hop });
    feed.log(subscriber.msisdn, hop.verdict === 'direct' ? 'HTTP' : 'ICAP', hopLine(hop));
    return { hop, answer };
  };
  return {
    endpoints: {
      'POST /phone/api/browse': (fields) => follow(visit, subscriberOf(fields), fields.text('url')),
    },
    frame: async (subscriber, request, response, target) => {
      const { hop, answer } = await visit(subscriber, await webRequestOf(request, target));
      sendFramed(response, subscriber.msisdn, target, hop, answer);
    },
  };
}

type VisitOne = (subscriber: DemoSubscriber, request: WebRequest) => Promise<Visit>;

/** Opens an address and follows every redirect, for the terminal: the hops and the last page as text. */
async function follow(
  visit: VisitOne,
  subscriber: DemoSubscriber,
  text: string,
): Promise<{ hops: Hop[]; title: string; text: string }> {
  const hops: Hop[] = [];
  let url: URL | undefined = addressOf(text);
  let answer: WebAnswer | undefined;
  while (url !== undefined && hops.length < HOPS_MAX) {
    const one = await visit(subscriber, { method: 'GET', url, headers: {}, body: undefined });
    hops.push(one.hop);
    answer = one.answer;
    url = answer?.location === undefined ? undefined : resolved(answer.location, url);
  }
  return { hops, title: titleOf(answer?.body ?? ''), text: plainText(answer?.body ?? '') };
}

function addressOf(text: string): URL {
  const full = /^https?:\/\//.test(text) ? text : `http://${text}`;
  if (!URL.canParse(full)) throw new PhoneError(400, 'an address looks like http://books.example/');
  return new URL(full);
}

function resolved(location: string, base: URL): URL | undefined {
  return URL.canParse(location, base.href) ? new URL(location, base) : undefined;
}

async function webRequestOf(request: IncomingMessage, url: URL): Promise<WebRequest> {
  if (request.method !== 'POST') return { method: 'GET', url, headers: {}, body: undefined };
  const contentType = request.headers['content-type'] ?? 'application/x-www-form-urlencoded';
  return { method: 'POST', url, headers: { 'content-type': contentType }, body: await bodyOf(request) };
}

function hopOf({ method, url }: WebRequest, answer: WebAnswer | undefined): Hop {
  return {
    method,
    url: url.href,
    verdict: answer?.verdict ?? 'failed',
    status: answer?.status ?? 0,
    location: answer?.location,
  };
}

function hopLine({ method, url, verdict, status, location }: Hop): string {
  const to = location === undefined ? '' : ` to ${location.replace(/\?.*/, '?…')}`;
  return `${method} ${url.replace(/\?.*/, '?…')}: ${verdict}, ${status}${to}`;
}

/** A page inside the handset: no script, and nothing leads out of the demo. */
const FRAME_HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline' 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'self'; sandbox allow-forms",
};

function sendFramed(
  response: ServerResponse,
  msisdn: string,
  target: URL,
  hop: Hop,
  answer: WebAnswer | undefined,
): void {
  if (answer === undefined) {
    const page = `<!doctype html><title>No answer</title><p style="font:16px system-ui;padding:2rem">${escapeHtml(target.host)} did not answer. In this small network there are only the partner shops and the gateway.`;
    response.writeHead(502, { ...FRAME_HEADERS, 'content-type': 'text/html; charset=utf-8' }).end(page);
    return;
  }
  const location = answer.location === undefined ? undefined : resolved(answer.location, target);
  if (location !== undefined) {
    response.writeHead(hop.status, { ...FRAME_HEADERS, location: framePath(msisdn, location) }).end();
    return;
  }
  const html = answer.contentType.startsWith('text/html');
  response.writeHead(answer.status, { ...FRAME_HEADERS, 'content-type': answer.contentType });
  response.end(html ? leadBack(answer.body, msisdn, target) : answer.body);
}

/** Leads links, forms and pictures of a page back through the handset's browser. */
export function leadBack(html: string, msisdn: string, base: URL): string {
  return html.replace(
    /(\s(?:href|action|src)\s*=\s*)("([^"]*)"|'([^']*)')/gi,
    (whole: string, before: string, _quoted, double?: string, single?: string) => {
      const address = (double ?? single ?? '').replaceAll('&amp;', '&');
      const target = resolved(address, base);
      if (address.startsWith('#') || target === undefined || !/^https?:$/.test(target.protocol)) return whole;
      return `${before}"${escapeHtml(framePath(msisdn, target))}"`;
    },
  );
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

function titleOf(html: string): string {
  return plainText(/<title[^>]*>([^<]*)/i.exec(html)?.[1] ?? '');
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  nbsp: ' ',
  apos: "'",
};

/** What a person would read of a page, without its style and markup. */
export function plainText(html: string): string {
  return html
    .replace(/<(style|script|title)[^>]*>[^]*?<\/\1>/gi, '')
    .replace(/<(?:br|\/p|\/h\d|\/li|\/div|\/form|\/tr)[^>]*>/gi, '\n')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&#(\d+);/g, (_all, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&([a-z]+);/g, (whole, name: string) => ENTITIES[name] ?? whole)
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n');
}
