import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { callEndpoints } from './calls.ts';
import { type Feed, openFeed } from './feed.ts';
import { messageEndpoints, watchHandset } from './messages.ts';
import type { DemoGuide, DemoSubscriber, FaultSwitch, Network } from './network.ts';
import {
  answerApi,
  checkSameSite,
  type Endpoints,
  Fields,
  PhoneError,
  sendFile,
  sendJson,
} from './router.ts';
import { ussdEndpoints } from './ussd.ts';
import { type HandsetBrowser, openBrowser, parseFramePath } from './web.ts';

export interface PhoneOptions {
  readonly host?: string;
  readonly port?: number;
  readonly network: Network;
  readonly guide: DemoGuide;
}

export interface Phone {
  /** `http://127.0.0.1:8090/phone` */
  readonly url: string;
  close(): Promise<void>;
}

interface Desk {
  readonly endpoints: Endpoints;
  readonly browser: HandsetBrowser;
  readonly feed: Feed;
  subscriberOf(fields: Fields, name?: string): DemoSubscriber;
}

/** Serves the phone page: one handset on loopback, played by a person, a test or the terminal. */
export async function startPhone({
  host = '127.0.0.1',
  port = 0,
  network,
  guide,
}: PhoneOptions): Promise<Phone> {
  const feed = openFeed();
  const subscriberOf: Desk['subscriberOf'] = (fields, name = 'from') => {
    const msisdn = fields.text(name).replace(/^\+/, '');
    const found = guide.subscribers.find((subscriber) => subscriber.msisdn === msisdn);
    if (found === undefined) throw new PhoneError(404, `${msisdn} is no demo subscriber`);
    return found;
  };
  for (const { msisdn } of guide.subscribers) watchHandset(network.smsc.handset(msisdn), feed);
  const browser = openBrowser(network, feed, subscriberOf);
  const endpoints: Endpoints = {
    'GET /phone/api/guide': () => Promise.resolve(guide),
    ...messageEndpoints(network, feed, subscriberOf, guide.shortCode),
    ...ussdEndpoints(network, feed, subscriberOf, guide.ussdCode),
    ...callEndpoints(network, feed, subscriberOf, guide.ivrNumber),
    ...browser.endpoints,
    ...worldEndpoints(network, feed, subscriberOf),
  };
  const desk: Desk = { endpoints, browser, feed, subscriberOf };
  const server = createServer((request, response) => {
    handle(request, response, desk).catch((error: unknown) => fail(response, error));
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/phone`,
    close: async () => {
      feed.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function toldByTill(
  pays: boolean,
  amount: bigint,
  status: number | undefined,
  body: Readonly<Record<string, unknown>>,
): string {
  if (status !== 200) {
    const why = [body['code'], body['detail'], status].find((one) => one !== undefined);
    return `The gateway refused: ${typeof why === 'string' ? why : JSON.stringify(why)}.`;
  }
  if (pays) return `Paid with ${String(body['captured'])} points.`;
  const roubles = (Number(amount) / 100).toFixed(2);
  return `Bought for ${roubles} roubles, ${String(body['points'])} points given.`;
}

/** Money, faults and time: what the person does to the world around the phone. */
function worldEndpoints(network: Network, feed: Feed, subscriberOf: Desk['subscriberOf']): Endpoints {
  return {
    'POST /phone/api/top-up': async (fields) => {
      const { msisdn } = subscriberOf(fields);
      const amount = fields.number('amount', { min: 1, max: 100_000_000 });
      const told = await network.topUp(msisdn, BigInt(amount));
      feed.log(msisdn, 'HTTP', `POST /v1/events: ${told}`);
      return { told };
    },
    'POST /phone/api/till': async (fields) => {
      const { msisdn } = subscriberOf(fields);
      const amount = BigInt(fields.number('amount', { min: 1, max: 100_000_000 }));
      const pays = fields.text('what') === 'pay';
      const { status, body } = await (pays
        ? network.till.pay(msisdn, amount)
        : network.till.buy(msisdn, amount));
      const told = toldByTill(pays, amount, status, body);
      feed.log(msisdn, 'HTTP', `till: ${told}`);
      return { told, done: status === 200 };
    },
    'GET /phone/api/faults': () => Promise.resolve({ faults: network.faults.map(faultView) }),
    'POST /phone/api/faults': (fields) => {
      const fault = network.faults.find(({ name }) => name === fields.text('name'));
      if (fault === undefined) throw new PhoneError(404, 'no such fault');
      fault.set(
        fault.kind === 'number'
          ? fields.number('value', { min: 0, max: 600_000 })
          : fields.raw('value') === true || fault.kind === 'button',
      );
      const faults = network.faults.map(faultView);
      feed.publish(undefined, { kind: 'faults', data: faults });
      return Promise.resolve({ faults });
    },
    'GET /phone/api/clock': () => Promise.resolve({ now: network.now() }),
    'POST /phone/api/clock': async (fields) => {
      const now = await network.advanceClock(fields.number('days', { min: 1, max: 3650 }));
      feed.publish(undefined, { kind: 'clock', data: now });
      return { now };
    },
  };
}

function faultView(fault: FaultSwitch): object {
  const { name, group, title, hint, kind } = fault;
  return { name, group, title, hint, kind, value: fault.value() };
}

async function handle(request: IncomingMessage, response: ServerResponse, desk: Desk): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://phone');
  const framed = parseFramePath(url);
  checkSameSite(request, framed !== undefined);
  if (framed !== undefined) {
    const subscriber = desk.subscriberOf(new Fields(framed), 'msisdn');
    return desk.browser.frame(subscriber, request, response, framed.target);
  }
  if (url.pathname === '/phone/api/events') {
    return desk.feed.attach(
      desk.subscriberOf(new Fields(Object.fromEntries(url.searchParams)), 'msisdn').msisdn,
      response,
    );
  }
  if (await answerApi(desk.endpoints, request, url, response)) return;
  if (request.method !== 'GET') throw new PhoneError(404, 'not found');
  if (url.pathname === '/' || url.pathname === '/phone/') {
    response.writeHead(302, { location: '/phone' }).end();
    return;
  }
  const name = url.pathname === '/phone' ? 'index.html' : url.pathname.replace(/^\/phone\//, '');
  if (!(await sendFile(name, response))) throw new PhoneError(404, 'not found');
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status = error instanceof PhoneError ? error.status : 502;
  sendJson(response, status, { error: error instanceof Error ? error.message : String(error) });
}
