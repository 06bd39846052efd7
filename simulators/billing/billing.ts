import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';

/** A payment as the gateway's `POST /v1/events` takes it. */
export interface PaymentEvent {
  /** Ours, unique: the gateway counts it once. */
  readonly id: string;
  readonly type: 'payment';
  readonly msisdn: string;
  /** Minor units (kopecks) as a decimal string: money is never a float. */
  readonly amount: { readonly minor: string; readonly currency: string };
  readonly occurredAt: string;
}

export interface BillingOptions {
  readonly host?: string;
  readonly port?: number;
  readonly currency?: string;
  /** Opening balance of each account, minor units. */
  readonly openingBalance?: bigint;
  /** Where payments are announced; without it top-ups only change the balance. */
  readonly gateway?: { readonly url: string; readonly token: string };
  /** The gateway's time, which the demo may have moved. */
  readonly now?: () => Date;
}

export interface BillingFaults {
  /** Answers every request with 503. */
  unavailable: boolean;
  /** Announces each payment twice, with the same id: points must come once. */
  announceTwice: boolean;
  /** Cannot switch any service on: orders fail and their points return. */
  refuseServices: boolean;
  /** Does what it is asked and drops the connection instead of answering: the gateway must ask again. */
  loseAnswers: boolean;
}

/** How a top-up ended: the new balance, and what the gateway said to the event. */
export interface TopUp {
  readonly balance: bigint;
  /** HTTP status of the gateway; undefined when it could not be reached or is not configured. */
  readonly gatewayStatus: number | undefined;
  readonly gatewayAnswer: string;
}

export interface Billing {
  readonly url: string;
  readonly faults: BillingFaults;
  balance(msisdn: string): bigint;
  /** Services that are on for the number. */
  services(msisdn: string): readonly string[];
  /** Pays `amount` minor units onto the account and announces it to the gateway. */
  topUp(msisdn: string, amount: bigint): Promise<TopUp>;
  close(): Promise<void>;
}

interface Movement {
  readonly status: number;
  readonly body: string;
  readonly content: string;
}

/** Starts a billing system: accounts by MSISDN, charge and refund that are idempotent by key, top-ups that become events. */
export async function startBilling(options: BillingOptions = {}): Promise<Billing> {
  const faults: BillingFaults = {
    unavailable: false,
    announceTwice: false,
    refuseServices: false,
    loseAnswers: false,
  };
  const accounts = new Map<string, bigint>();
  const done = new Map<string, Movement>();
  const balance = (msisdn: string): bigint => accounts.get(msisdn) ?? options.openingBalance ?? 50_000n;

  const move = (msisdn: string, sign: 1n | -1n, key: string, content: string): Movement => {
    const earlier = done.get(key);
    if (earlier !== undefined) {
      return earlier.content === content ? earlier : answerOf(409, { error: 'key used with other content' });
    }
    const amount = amountOf(content);
    if (amount === undefined) return answerOf(400, { error: 'amount: minor units as a decimal string' });
    const after = balance(msisdn) + sign * amount;
    if (after < 0n)
      return answerOf(402, { error: 'insufficient funds', balance: balance(msisdn).toString() });
    accounts.set(msisdn, after);
    const movement = { ...answerOf(200, { msisdn, balance: after.toString() }), content };
    done.set(key, movement);
    return movement;
  };
  const services = new Map<string, Set<string>>();
  const servicesOf = (msisdn: string): Set<string> => {
    const known = services.get(msisdn) ?? new Set<string>();
    services.set(msisdn, known);
    return known;
  };
  const switchService = (msisdn: string, key: string, content: string): Movement => {
    const earlier = done.get(key);
    if (earlier !== undefined) {
      return earlier.content === content ? earlier : answerOf(409, { error: 'key used with other content' });
    }
    const wanted = serviceOf(content);
    if (wanted === undefined) return answerOf(400, { error: 'service and on are needed' });
    if (faults.refuseServices) return answerOf(422, { error: 'this service is not available' });
    if (wanted.on) servicesOf(msisdn).add(wanted.service);
    else servicesOf(msisdn).delete(wanted.service);
    const movement = { ...answerOf(200, { msisdn, services: [...servicesOf(msisdn)] }), content };
    done.set(key, movement);
    return movement;
  };
  const server = createServer((request, response) => {
    handle(request, response, { faults, balance, move, switchService }).catch(() => response.destroy());
  });
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host ?? '127.0.0.1'}:${port}`,
    faults,
    balance,
    services: (msisdn) => [...(services.get(msisdn) ?? [])],
    topUp: async (msisdn, amount) => {
      accounts.set(msisdn, balance(msisdn) + amount);
      return { balance: balance(msisdn), ...(await announce(options, faults, msisdn, amount)) };
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

interface Desk {
  readonly faults: BillingFaults;
  balance(msisdn: string): bigint;
  move(msisdn: string, sign: 1n | -1n, key: string, content: string): Movement;
  switchService(msisdn: string, key: string, content: string): Movement;
}

async function handle(request: IncomingMessage, response: ServerResponse, desk: Desk): Promise<void> {
  const content = await bodyOf(request);
  const [, msisdn, action] =
    /^\/accounts\/(\d{7,15})(?:\/(charge|refund|services))?$/.exec(request.url ?? '') ?? [];
  const key = request.headers['idempotency-key'];
  const route = (): Movement => {
    if (desk.faults.unavailable) return answerOf(503, { error: 'billing is down' });
    if (msisdn === undefined) return answerOf(404, { error: 'no such account' });
    if (action === undefined) return answerOf(200, { msisdn, balance: desk.balance(msisdn).toString() });
    if (request.method !== 'POST') return answerOf(405, { error: 'POST only' });
    if (typeof key !== 'string' || key === '') return answerOf(400, { error: 'Idempotency-Key is missing' });
    if (action === 'services') return desk.switchService(msisdn, `services ${msisdn} ${key}`, content);
    return desk.move(msisdn, action === 'charge' ? -1n : 1n, `${action} ${msisdn} ${key}`, content);
  };
  const { status, body } = route();
  if (desk.faults.loseAnswers && request.method === 'POST') {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}

function answerOf(status: number, body: unknown): Movement {
  return { status, body: JSON.stringify(body), content: '' };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk;
    if (text.length > 16_384) throw new Error('body too long');
  }
  return text;
}

function serviceOf(content: string): { readonly service: string; readonly on: boolean } | undefined {
  try {
    const { service, on } = JSON.parse(content) as { service?: unknown; on?: unknown };
    return typeof service === 'string' && typeof on === 'boolean' ? { service, on } : undefined;
  } catch {
    return undefined;
  }
}

function amountOf(content: string): bigint | undefined {
  try {
    const { amount } = JSON.parse(content) as { amount?: unknown };
    return typeof amount === 'string' && /^[1-9]\d{0,17}$/.test(amount) ? BigInt(amount) : undefined;
  } catch {
    return undefined;
  }
}

async function announce(
  { gateway, currency = 'RUB', now = () => new Date() }: BillingOptions,
  faults: BillingFaults,
  msisdn: string,
  amount: bigint,
): Promise<Pick<TopUp, 'gatewayStatus' | 'gatewayAnswer'>> {
  if (gateway === undefined) return { gatewayStatus: undefined, gatewayAnswer: 'no gateway configured' };
  const event: PaymentEvent = {
    id: `payment-${randomUUID()}`,
    type: 'payment',
    msisdn,
    amount: { minor: amount.toString(), currency },
    occurredAt: now().toISOString(),
  };
  const post = async (): Promise<Pick<TopUp, 'gatewayStatus' | 'gatewayAnswer'>> => {
    const answer = await fetch(new URL('/v1/events', gateway.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.token}` },
      body: JSON.stringify(event),
      signal: AbortSignal.timeout(10_000),
    });
    return { gatewayStatus: answer.status, gatewayAnswer: await answer.text() };
  };
  try {
    const first = await post();
    return faults.announceTwice ? await post() : first;
  } catch (error) {
    return {
      gatewayStatus: undefined,
      gatewayAnswer: error instanceof Error ? error.message : String(error),
    };
  }
}
