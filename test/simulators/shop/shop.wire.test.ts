import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startDpi, type Dpi } from '../../../simulators/dpi/dpi.ts';
import { parseAnswer } from '../../../simulators/dpi/icap-peer.ts';
import { startShop, type Shop } from '../../../simulators/shop/shop.ts';

describe('The shop simulator', () => {
  let shop: Shop;
  let gateway: Server;
  const reports: { authorization: string | undefined; body: Record<string, unknown> }[] = [];
  before(async () => {
    gateway = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        reports.push({
          authorization: request.headers.authorization,
          body: JSON.parse(body) as Record<string, unknown>,
        });
        response.end('{"status":"recorded"}');
      });
    }).listen(0, '127.0.0.1');
    await once(gateway, 'listening');
    const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
    shop = await startShop({
      gateway: { url, token: 'shop-token' },
      now: () => new Date('2026-01-31T09:00:00Z'),
    });
  });
  after(async () => {
    gateway.closeAllConnections();
    gateway.close();
    await shop.close();
  });
  beforeEach(() => {
    reports.length = 0;
    Object.assign(shop.faults, { reportTwice: false, down: false });
  });

  it('reports a purchase with its token', async () => {
    const purchase = await shop.buy('books.example', 'novel', '79160000001');
    expect(purchase).to.include({ gatewayStatus: 200, gatewayAnswer: '{"status":"recorded"}' });
    expect(reports).to.have.length(1);
    expect(reports[0]!.authorization).to.equal('Bearer shop-token');
    expect(reports[0]!.body).to.deep.include({
      type: 'purchase',
      msisdn: '79160000001',
      amount: { minor: '69000', currency: 'RUB' },
      occurredAt: '2026-01-31T09:00:00.000Z',
    });
  });

  it('can report a purchase twice, with the same id', async () => {
    shop.faults.reportTwice = true;
    await shop.buy('books.example', 'novel', '79160000001');
    expect(reports.map(({ body }) => body['id'])).to.deep.equal([
      reports[0]!.body['id'],
      reports[0]!.body['id'],
    ]);
  });

  describe('behind a DPI whose ICAP server is not there', () => {
    let dpi: Dpi;
    before(() => {
      dpi = startDpi({ icapHost: '127.0.0.1', icapPort: 1, resolve: (host) => shop.resolve(host) });
    });
    after(() => dpi.close());

    it('is reached all the same', async () => {
      const page = await dpi.browse('http://tea.example/', { ip: '10.0.0.1' });
      expect(page).to.include({ outcome: 'pass', status: 200, icapStatus: undefined });
      expect(page.body).to.include('Welcome to Tea &#38; Samovar');
    });

    it('sells by its form', async () => {
      const page = await dpi.browse('http://tea.example/buy', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'item=green&msisdn=%2B79160000002',
      });
      expect(page.body).to.include('Green tea, 100 g').and.to.include('recorded');
      expect(reports[0]!.body).to.include({ msisdn: '79160000002' });
    });

    it('answers 404, 400 and 503 where they belong', async () => {
      const status = async (url: string, body?: string) =>
        (await dpi.browse(url, body === undefined ? {} : { method: 'POST', body })).status;
      expect(await status('http://tea.example/buy', 'item=none&msisdn=79160000002')).to.equal(400);
      expect(await status('http://tea.example/other', '')).to.equal(404);
      shop.faults.down = true;
      expect(await status('http://tea.example/')).to.equal(503);
    });
  });
});

describe('The ICAP side of the DPI simulator', () => {
  it('takes an answer apart, and waits for what is missing', () => {
    const http = 'HTTP/1.1 302 Found\r\nLocation: http://a/\r\n\r\n';
    const answer = `ICAP/1.0 200 OK\r\nISTag: "x"\r\nEncapsulated: res-hdr=0, null-body=${http.length}\r\n\r\n${http}`;
    for (let size = 0; size < answer.length; size++)
      expect(parseAnswer(answer.slice(0, size))).to.be.undefined;
    expect(parseAnswer(answer)).to.deep.include({ status: 200, http });
  });
});
