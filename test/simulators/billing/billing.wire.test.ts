import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startBilling, type Billing } from '../../../simulators/billing/billing.ts';

const MSISDN = '79160000001';

describe('the billing simulator', () => {
  let billing: Billing;
  let gateway: Server;
  const heard: { authorization: string; event: Record<string, unknown> }[] = [];

  before(async () => {
    gateway = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        heard.push({
          authorization: String(request.headers.authorization),
          event: JSON.parse(body) as Record<string, unknown>,
        });
        response.writeHead(202).end('{"points":"15"}');
      });
    });
    gateway.listen(0, '127.0.0.1');
    await once(gateway, 'listening');
    const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
    billing = await startBilling({ openingBalance: 10_000n, gateway: { url, token: 'demo-token' } });
  });
  after(async () => {
    await billing.close();
    gateway.close();
  });
  beforeEach(() => heard.splice(0));

  const post = async (path: string, key: string | undefined, body: unknown): Promise<[number, unknown]> => {
    const headers = key === undefined ? {} : { 'idempotency-key': key };
    const answer = await fetch(billing.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    return [answer.status, await answer.json()];
  };

  it('charges once for a key, however often it is asked', async () => {
    const charge = (): Promise<[number, unknown]> =>
      post(`/accounts/${MSISDN}/charge`, 'k1', { amount: '2500' });
    expect(await charge()).to.deep.equal([200, { msisdn: MSISDN, balance: '7500' }]);
    expect(await charge()).to.deep.equal([200, { msisdn: MSISDN, balance: '7500' }]);
    expect((await post(`/accounts/${MSISDN}/charge`, 'k1', { amount: '1' }))[0]).to.equal(409);
    expect((await post(`/accounts/${MSISDN}/refund`, 'k1', { amount: '2500' }))[0]).to.equal(200);
    expect(billing.balance(MSISDN)).to.equal(10_000n);
  });

  it('refuses more than there is, no key, a bad amount and an unknown address', async () => {
    expect((await post(`/accounts/${MSISDN}/charge`, 'k2', { amount: '999999' }))[0]).to.equal(402);
    expect((await post(`/accounts/${MSISDN}/charge`, undefined, { amount: '1' }))[0]).to.equal(400);
    expect((await post(`/accounts/${MSISDN}/charge`, 'k3', { amount: 1.5 }))[0]).to.equal(400);
    expect((await post('/elsewhere', 'k4', {}))[0]).to.equal(404);
  });

  it('announces a top-up to the gateway with its token and an id of its own', async () => {
    const top = await billing.topUp('79160000002', 50_000n);
    expect(top).to.deep.equal({ balance: 60_000n, gatewayStatus: 202, gatewayAnswer: '{"points":"15"}' });
    expect(heard).to.have.lengthOf(1);
    const { authorization, event } = heard[0]!;
    expect(authorization).to.equal('Bearer demo-token');
    expect(event).to.deep.include({
      type: 'payment',
      msisdn: '79160000002',
      amount: { minor: '50000', currency: 'RUB' },
    });
    expect(Object.keys(event)).to.have.members(['id', 'type', 'msisdn', 'amount', 'occurredAt']);
  });

  it('announces twice under one id when told to', async () => {
    billing.faults.announceTwice = true;
    await billing.topUp(MSISDN, 100n);
    billing.faults.announceTwice = false;
    const ids = heard.map(({ event }) => event['id']);
    expect(ids).to.have.lengthOf(2);
    expect(ids[0]).to.equal(ids[1]);
  });

  it('is down on demand, and survives a gateway that is', async () => {
    billing.faults.unavailable = true;
    expect((await fetch(`${billing.url}/accounts/${MSISDN}`)).status).to.equal(503);
    billing.faults.unavailable = false;
    const alone = await startBilling({ gateway: { url: 'http://127.0.0.1:1', token: 'x' } });
    expect((await alone.topUp(MSISDN, 100n)).gatewayStatus).to.equal(undefined);
    await alone.close();
  });
});
