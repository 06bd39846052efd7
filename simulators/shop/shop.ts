import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { demoShops, type ShopSite } from './sites.ts';
import { shopPage, thanksPage } from './shop-pages.ts';

/** A purchase as the gateway's `POST /v1/events` takes it. */
export interface PurchaseEvent {
  readonly id: string;
  readonly type: 'purchase';
  readonly msisdn: string;
  readonly amount: { readonly minor: string; readonly currency: string };
  readonly occurredAt: string;
}

export interface ShopOptions {
  readonly host?: string;
  readonly port?: number;
  readonly sites?: readonly ShopSite[];
  /** Where purchases are reported, with a bearer token of scope `events:write`. */
  readonly gateway?: { readonly url: string; readonly token: string };
  /** The gateway's time, which the demo may have moved. */
  readonly now?: () => Date;
}

export interface ShopFaults {
  /** Reports each purchase twice with the same id: points must come once. */
  reportTwice: boolean;
  /** Answers every page with 503. */
  down: boolean;
}

/** How a purchase ended, and what the gateway said to its report; undefined when it could not be reached. */
export interface Purchase {
  readonly event: PurchaseEvent;
  readonly gatewayStatus: number | undefined;
  readonly gatewayAnswer: string;
}

/** Shops on one loopback port, told apart by the Host header. */
export interface Shop {
  readonly host: string;
  readonly port: number;
  readonly faults: ShopFaults;
  readonly sites: readonly ShopSite[];
  /** Requests seen, `GET books.example/?a=b`: what really arrived behind the DPI. */
  readonly visits: readonly string[];
  /** Where to connect for `host`; undefined for a host that is none of the shops. */
  resolve(host: string): { readonly host: string; readonly port: number } | undefined;
  buy(site: string, item: string, msisdn: string): Promise<Purchase>;
  close(): Promise<void>;
}

/** Starts the shops. Each has a page with things to buy; buying reports the purchase to the gateway. */
export async function startShop(options: ShopOptions = {}): Promise<Shop> {
  const sites = options.sites ?? demoShops;
  const faults: ShopFaults = { reportTwice: false, down: false };
  const visits: string[] = [];
  const siteOf = (host: string | undefined) =>
    sites.find((site) => site.host === host?.split(':', 1)[0]?.toLowerCase());

  const buy = async (host: string, itemId: string, msisdn: string): Promise<Purchase> => {
    const item = siteOf(host)?.items.find(({ id }) => id === itemId);
    if (item === undefined) throw new Error(`there is no ${itemId} at ${host}`);
    const event: PurchaseEvent = {
      id: `order-${randomUUID()}`,
      type: 'purchase',
      msisdn,
      amount: { minor: item.priceMinor, currency: 'RUB' },
      occurredAt: (options.now?.() ?? new Date()).toISOString(),
    };
    const first = await report(options, event);
    return { event, ...(faults.reportTwice ? await report(options, event) : first) };
  };
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const site = siteOf(request.headers.host);
    const url = new URL(request.url ?? '/', 'http://shop');
    visits.push(`${request.method ?? ''} ${request.headers.host ?? ''}${request.url ?? ''}`);
    if (faults.down) return send(response, 503, 'The shop is closed for maintenance.');
    if (site === undefined) return send(response, 404, 'There is no such shop here.');
    if (request.method !== 'POST') return send(response, 200, shopPage(site));
    if (url.pathname !== '/buy') return send(response, 404, 'There is nothing here.');
    const form = new URLSearchParams(await bodyOf(request));
    const item = site.items.find(({ id }) => id === form.get('item'));
    const msisdn = form.get('msisdn') ?? '';
    if (item === undefined || !/^\+?\d{7,15}$/.test(msisdn))
      return send(response, 400, 'Please choose an item and enter a phone number.');
    return send(
      response,
      200,
      thanksPage(site, item, await buy(site.host, item.id, msisdn.replace('+', ''))),
    );
  };
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      send(response, 500, error instanceof Error ? error.message : 'The shop has a problem.');
    });
  });
  const host = options.host ?? '127.0.0.1';
  server.listen(options.port ?? 0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host,
    port,
    faults,
    sites,
    visits,
    resolve: (name) => (siteOf(name) === undefined ? undefined : { host, port }),
    buy,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function report(
  { gateway }: ShopOptions,
  event: PurchaseEvent,
): Promise<{ gatewayStatus: number | undefined; gatewayAnswer: string }> {
  if (gateway === undefined) return { gatewayStatus: undefined, gatewayAnswer: 'no gateway configured' };
  try {
    const response = await fetch(new URL('/v1/events', gateway.url), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${gateway.token}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(event),
      signal: AbortSignal.timeout(5_000),
    });
    return { gatewayStatus: response.status, gatewayAnswer: await response.text() };
  } catch (error) {
    return { gatewayStatus: undefined, gatewayAnswer: error instanceof Error ? error.message : 'failed' };
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > 10_000) throw new Error('The form is too long.');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function send(response: ServerResponse, status: number, body: string): void {
  const type = body.startsWith('<') ? 'text/html' : 'text/plain';
  response
    .writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' })
    .end(body);
}
