import { expect } from 'chai';
import { readFile } from 'node:fs/promises';
import https from 'node:https';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Page, PageRequest } from '../../../src/channels/pages/page.ts';
import { Fault } from '../../../src/errors.ts';
import { startTestHttp, type TestHttp } from '../../support/http.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

describe('pages', () => {
  let seen: PageRequest[] = [];
  let trouble: Error | undefined;
  let http: TestHttp;

  const pages: Page[] = (['GET', 'POST'] as const).map((method) => ({
    method,
    path: '/offer',
    handle: (request) => {
      seen.push(request);
      if (trouble !== undefined) throw trouble;
      const headers = method === 'POST' ? { location: '/done', 'cache-control': 'private' } : {};
      return Promise.resolve({ status: method === 'POST' ? 303 : 200, headers, body: '<p>offer</p>' });
    },
  }));

  before(async () => {
    http = await startTestHttp({
      pages,
      config: { publicBaseUrl: 'https://bonus.example.com', pagesPerMinute: 1_000 },
    });
  });
  after(() => http.server.close());
  beforeEach(() => {
    seen = [];
    trouble = undefined;
  });

  const get = (path: string) => http.call('GET', path, { token: null });
  const post = (raw: string, headers: Record<string, string> = {}) =>
    http.call('POST', '/offer', { token: null, raw, headers: { ...FORM, ...headers } });

  it('get query and headers, and answer HTML that no script, frame or cache may touch', async () => {
    const answer = await get('/offer?id=7&name=%D1%8B');
    expect(answer.status).to.equal(200);
    expect(answer.text).to.equal('<p>offer</p>');
    expect({ ...seen[0]!.query }).to.deep.equal({ id: '7', name: 'ы' });
    expect(seen[0]!.trace).to.equal(answer.headers.get('x-trace-id'));
    const header = (name: string) => answer.headers.get(name);
    expect(header('content-type')).to.equal('text/html; charset=utf-8');
    expect(header('content-security-policy'))
      .to.include("default-src 'none'")
      .and.include("frame-ancestors 'none'");
    expect(header('x-content-type-options')).to.equal('nosniff');
    expect(header('referrer-policy')).to.equal('no-referrer');
    expect(header('cache-control')).to.equal('no-store');
    expect(header('strict-transport-security')).to.match(/max-age=\d{7,}/);
  });

  it('get the fields of a form once each, and decide on their own headers', async () => {
    const answer = await post('answer=yes&answer=no&__proto__=x&note=a+b', {
      origin: 'https://bonus.example.com',
    });
    expect([
      answer.status,
      answer.headers.get('location'),
      answer.headers.get('cache-control'),
    ]).to.deep.equal([303, '/done', 'private']);
    expect(seen[0]!.form['answer']).to.equal('yes');
    expect(seen[0]!.form['note']).to.equal('a b');
    expect(({} as Record<string, unknown>)['x']).to.equal(undefined);
  });

  for (const [what, headers] of [
    ['another origin', { origin: 'https://evil.example' }],
    ['another site, as the browser says', { 'sec-fetch-site': 'cross-site' }],
    ['a neighbour domain, as the browser says', { 'sec-fetch-site': 'same-site' }],
  ] as const) {
    it(`refuse a form from ${what}`, async () => {
      expect((await post('answer=yes', headers)).status).to.equal(403);
      expect(seen).to.deep.equal([]);
    });
  }

  it('accept the form of our own page, which has no referrer and therefore no origin', async () => {
    expect((await post('answer=yes', { origin: 'null', 'sec-fetch-site': 'same-origin' })).status).to.equal(
      303,
    );
  });

  it('refuse other bodies and large ones in words for people', async () => {
    const json = await post('{}', { 'content-type': 'application/json' });
    expect([json.status, json.headers.get('content-type')]).to.deep.equal([415, 'text/plain; charset=utf-8']);
    expect(json.text).to.include('Вернитесь назад');
    expect((await post(`a=${'x'.repeat(20_000)}`)).status).to.equal(413);
    expect((await post('a=%zz&=&&a&%00=%ff')).status).to.equal(303);
  });

  it('apologise with 503 when they fail, and tell nothing else', async () => {
    for (const error of [new Fault('database is down'), new TypeError('a bug')]) {
      trouble = error;
      const answer = await get('/offer');
      expect(answer.status).to.equal(503);
      expect(answer.text).to.include('try again later').and.not.include(error.message);
    }
  });

  it('are limited for each address', async () => {
    const few = await startTestHttp({ pages, config: { pagesPerMinute: 2 } });
    const visit = async () => (await few.call('GET', '/offer', { token: null })).status;
    expect([await visit(), await visit(), await visit()]).to.deep.equal([200, 200, 429]);
    await few.server.close();
  });

  it('are served over TLS 1.2 or later from certificate files', async () => {
    const tls = { certFile: 'test/fixtures/tls/localhost.crt', keyFile: 'test/fixtures/tls/localhost.key' };
    const secure = await startTestHttp({ pages, config: { tls } });
    const ca = await readFile(tls.certFile);
    const request = https.get(`${secure.url}/offer`, { ca, agent: false });
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    expect(answer.statusCode).to.equal(200);
    answer.resume();
    await once(answer, 'end');
    const old = https.get(`${secure.url}/offer`, {
      ca,
      agent: false,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
    });
    const [error] = (await once(old, 'error')) as [Error];
    expect(error).to.be.instanceOf(Error);
    await secure.server.close();
  });
});
