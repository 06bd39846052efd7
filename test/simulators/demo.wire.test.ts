import { expect } from 'chai';
import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { startSimulators, type Demo, type DemoOptions, type DemoPorts } from '../../simulators/demo.ts';
import { connectEsme } from './esme.ts';
import { SUBSCRIBERS } from './phone/fake-network.ts';

const ANNA = SUBSCRIBERS[0]!.msisdn;
const FREE: DemoPorts = { smsc: 0, ussd: 0, phone: 0, shop: 0, billing: 0 };

describe('the demo simulators together', () => {
  let gateway: HttpServer;
  let httpUrl: string;
  const events: { authorization: string | undefined; event: { type: string; occurredAt: string } }[] = [];
  const demos: Demo[] = [];

  before(async () => {
    gateway = createHttpServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        if (request.url === '/offer')
          return response.setHeader('content-type', 'text/html').end('<h1>Offer</h1>');
        const event = JSON.parse(body) as { type: string; occurredAt: string };
        events.push({ authorization: request.headers.authorization, event });
        return response.end('{"status":"recorded","points":"25"}');
      });
    });
    gateway.listen(0, '127.0.0.1');
    await once(gateway, 'listening');
    httpUrl = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  });
  after(() => {
    gateway.close();
    gateway.closeAllConnections();
  });
  beforeEach(() => events.splice(0));
  afterEach(async () => {
    await Promise.all(demos.splice(0).map((demo) => demo.close()));
  });

  const options = (more: Partial<DemoOptions> = {}): DemoOptions => ({
    ports: FREE,
    smpp: { systemId: 'gateway', password: 'secret' },
    gateway: {
      httpUrl,
      adminUrl: 'http://127.0.0.1:9464',
      esl: { host: '127.0.0.1', port: 1 },
      icap: { host: '127.0.0.1', port: 1 },
    },
    tokens: { shop: 'shop-token', billing: 'billing-token' },
    partnerKey: () => undefined,
    subscribers: SUBSCRIBERS,
    manifest: {},
    now: () => new Date('2030-06-01T00:00:00Z'),
    advanceClock: (days) => Promise.resolve(new Date(Date.UTC(2030, 5, 1 + days))),
    ...more,
  });
  const start = async (): Promise<Demo> => {
    const demo = await startSimulators(options());
    demos.push(demo);
    return demo;
  };
  const post = async (demo: Demo, path: string, body: object): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${demo.phoneUrl}/api/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as Record<string, unknown>;
  };

  it('carry a message from the page to a bound gateway', async () => {
    const demo = await start();
    const { esme } = await connectEsme(demo.smsc.port);
    await post(demo, 'messages', { from: ANNA, text: 'BALANCE' });
    const pdu = await esme.next();
    expect([pdu.destination_addr, pdu.short_message?.message]).to.deep.equal(['1010', 'BALANCE']);
  });

  it('announce a payment as the billing system, at the gateway’s time, and tell the points', async () => {
    const demo = await start();
    const { told } = await post(demo, 'top-up', { from: ANNA, amount: 50_000 });
    expect(told).to.equal('Paid. The gateway gives 25 points for it.');
    expect(events[0]?.authorization).to.equal('Bearer billing-token');
    expect(events[0]?.event).to.include({ type: 'payment', occurredAt: '2030-06-01T00:00:00.000Z' });
  });

  it('open a shop through the DPI even when the gateway is down, and the gateway’s own pages directly', async () => {
    const demo = await start();
    const verdicts = async (url: string): Promise<unknown[]> => {
      const { hops } = (await post(demo, 'browse', { from: ANNA, url })) as {
        hops: Record<string, unknown>[];
      };
      return hops.map(({ verdict, status }) => [verdict, status]);
    };
    expect(await verdicts('http://books.example/')).to.deep.equal([['bypass', 200]]);
    expect(await verdicts('coffee.example')).to.deep.equal([['bypass', 200]]);
    expect(await verdicts(`${httpUrl}/offer`)).to.deep.equal([['direct', 200]]);
    expect(await verdicts('http://elsewhere.example/')).to.deep.equal([['failed', 0]]);
    expect(await verdicts(`${demo.billing.url}/accounts/${ANNA}`)).to.deep.equal([['failed', 0]]);
  });

  it('let a person buy in the framed shop, which reports the purchase', async () => {
    const demo = await start();
    const origin = new URL(demo.phoneUrl).origin;
    const answer = await fetch(`${origin}/phone/web/${ANNA}/http/books.example/buy`, {
      method: 'POST',
      headers: { origin: 'null', 'content-type': 'application/x-www-form-urlencoded' },
      body: `item=novel&msisdn=${ANNA}`,
    });
    expect(await answer.text()).to.contain('Thank you for buying');
    expect(events[0]?.authorization).to.equal('Bearer shop-token');
    expect(events[0]?.event.type).to.equal('purchase');
  });

  it('tell a call that no gateway takes', async () => {
    const demo = await start();
    await post(demo, 'call', { from: ANNA });
    const news = await fetch(`${demo.phoneUrl}/api/call?msisdn=${ANNA}`);
    const { cause } = (await news.json()) as { cause: string };
    expect(cause).to.be.a('string').and.not.to.equal('');
  });

  it('can be broken from the page, each by its name', async () => {
    const demo = await start();
    const { faults } = (await (await fetch(`${demo.phoneUrl}/api/faults`)).json()) as {
      faults: { name: string; kind: string; value: unknown }[];
    };
    expect(faults.length).to.be.greaterThan(20);
    expect(new Set(faults.map(({ name }) => name)).size).to.equal(faults.length);
    for (const { name, kind } of faults) {
      if (kind === 'button') continue;
      const value = kind === 'number' ? 3 : true;
      const after = (await post(demo, 'faults', { name, value })) as { faults: typeof faults };
      expect(after.faults.find((one) => one.name === name)?.value, name).to.equal(value);
    }
    expect(demo.smsc.faults).to.include({ silent: true, throttleEvery: 3, receipts: 'garbled' });
    expect(demo.ussd.faults).to.include({ abortAtStep: 3, wrongSessionId: true });
    expect(demo.dpi.faults).to.include({ fragment: true, slowMs: 3 });
  });

  it('leave nothing behind when one port is taken, and name it', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    const smsc = await freePort();
    const failure = await startSimulators(options({ ports: { ...FREE, smsc, phone: port } })).catch(
      (error: unknown) => error,
    );
    expect(failure).to.include({ code: 'EADDRINUSE', port });
    squatter.close();
    const again = createServer().listen(smsc, '127.0.0.1');
    await once(again, 'listening');
    again.close();
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
