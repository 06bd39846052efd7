import { expect } from 'chai';
import { once } from 'node:events';
import { z } from 'zod';
import { route, type Route } from '../../../src/channels/api/route.ts';
import { Fault } from '../../../src/errors.ts';
import { startTestHttp, type TestHttp } from '../../support/http.ts';
import { open, rawExchange } from '../../support/raw-http.ts';

/** Two operations that know nothing of bonuses. */
function echoRoutes(work: () => Promise<void> = () => Promise.resolve()): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/echo',
      scope: 'events:write',
      summary: 'Answers the text',
      body: z.strictObject({ text: z.string().max(100) }),
      answer: z.object({ text: z.string(), trace: z.string() }),
      example: { body: { text: 'hello' }, answer: { text: 'hello', trace: '0' } },
      handle: async (actor, { body }) => {
        await work();
        return { text: body.text, trace: actor.trace, secret: 'not in the schema' };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/echo/:name',
      scope: 'ledger:read',
      summary: 'Answers something else than promised',
      params: z.object({ name: z.string() }),
      answer: z.object({ number: z.number() }),
      handle: () => Promise.resolve({ number: 'five' } as unknown as { number: number }),
    }),
  ];
}

describe('HTTP server', () => {
  let http: TestHttp;

  before(async () => {
    http = await startTestHttp({ routes: echoRoutes() });
  });
  after(() => http.server.close());

  const echo = (raw: string, headers: Record<string, string> = {}) =>
    http.call('POST', '/v1/echo', { raw, headers });

  describe('trace', () => {
    it("continues the caller's, and tells it in the answer and the handler", async () => {
      const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
      const answer = await echo('{"text":"x"}', { traceparent: `00-${trace}-00f067aa0ba902b7-01` });
      expect(answer.headers.get('x-trace-id')).to.equal(trace);
      expect(answer.json).to.deep.equal({ text: 'x', trace });
      expect(http.logged.some((line) => line['trace'] === trace && line['route'] === '/v1/echo')).to.equal(
        true,
      );
    });

    for (const broken of [
      'nonsense',
      `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
      `ff-${'a'.repeat(32)}-00f067aa0ba902b7-01`,
    ]) {
      it(`begins anew for ${broken}`, async () => {
        const answer = await echo('{"text":"x"}', { traceparent: broken });
        expect(answer.headers.get('x-trace-id')).to.match(/^[0-9a-f]{32}$/);
        expect(broken).to.not.include(answer.headers.get('x-trace-id'));
      });
    }

    it('is in every error answer', async () => {
      const answer = await http.call('GET', '/nowhere', { token: null });
      expect(answer.json).to.include({
        status: 404,
        code: 'not_found',
        trace: answer.headers.get('x-trace-id'),
      });
    });
  });

  describe('body', () => {
    for (const raw of [
      '{',
      '{"text":}',
      '',
      'null',
      '[]',
      '"text"',
      '{"text":"x"}}',
      '\u0000',
      '{"__proto__":{"text":"x"}}',
    ]) {
      it(`is answered 400 with an example when it is ${JSON.stringify(raw)}`, async () => {
        const answer = await echo(raw);
        expect(answer.status).to.equal(400);
        expect(answer.headers.get('content-type')).to.match(/^application\/problem\+json\b/);
        expect(answer.json).to.deep.include({ status: 400, example: { text: 'hello' } });
      });
    }

    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonp',
      'x',
    ]) {
      it(`is refused as ${type}`, async () => {
        const answer = await echo('{"text":"x"}', { 'content-type': type });
        expect([answer.status, answer.json['code']]).to.deep.equal([415, 'media_type']);
      });
    }

    it('is taken as JSON with a charset', async () => {
      expect(
        (await echo('{"text":"ы"}', { 'content-type': 'application/json; charset=utf-8' })).json['text'],
      ).to.equal('ы');
    });

    it('is refused above the limit, declared or not, without being read', async () => {
      const answer = await echo(JSON.stringify({ text: 'x'.repeat(1_100_000) }));
      expect([answer.status, answer.json['code']]).to.deep.equal([413, 'body_too_large']);
      const head =
        'POST /v1/echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer all\r\nContent-Type: application/json\r\n';
      const declared = await rawExchange(http.port, `${head}Content-Length: 99999999999\r\n\r\n{`);
      expect(declared).to.match(/^HTTP\/1\.1 413 /);
      const chunk = `100000\r\n${' '.repeat(0x100000)}\r\n`;
      const chunked = await rawExchange(
        http.port,
        `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}${chunk}`,
      );
      expect(chunked).to.match(/^HTTP\/1\.1 413 /);
    });

    it('is not looked at without a token, whatever it is', async () => {
      const answer = await http.call('POST', '/v1/echo', { raw: '{', token: null });
      expect(answer.status).to.equal(401);
    });

    it('is read however deep it is nested', async () => {
      expect((await echo('['.repeat(500_000))).status).to.equal(400);
      expect((await echo(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)).status).to.equal(400);
    });
  });

  describe('answer', () => {
    it('holds what the schema promises and nothing else', async () => {
      expect((await echo('{"text":"x"}')).json).to.have.all.keys('text', 'trace');
    });

    it('is a 503 when the handler breaks its promise, never the wrong shape', async () => {
      const answer = await http.call('GET', '/v1/echo/x');
      expect([answer.status, answer.json['code']]).to.deep.equal([503, 'unavailable']);
    });

    it('names the methods of a path', async () => {
      const answer = await http.call('DELETE', '/v1/echo');
      expect([answer.status, answer.headers.get('allow')]).to.deep.equal([405, 'POST']);
      expect((await http.call('POST', '/v1/echo/x', { body: {} })).headers.get('allow')).to.equal('GET');
    });

    it('is a problem for a path that is no text', async () => {
      const answer = await rawExchange(
        http.port,
        'GET /v1/echo/%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      );
      expect(answer)
        .to.match(/^HTTP\/1\.1 400 /)
        .and.include('application/problem+json')
        .and.include('url_invalid');
    });
  });

  describe('octets that are no request', () => {
    for (const [what, octets, status] of [
      ['noise', '\x16\x03\x01\x02\x00\x01\x00', 400],
      [
        'two lengths',
        'POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
        400,
      ],
      [
        'length and chunks',
        'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
        400,
      ],
      ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
      ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ] as const) {
      it(`are answered and closed: ${what}`, async () => {
        const answer = await rawExchange(http.port, octets);
        expect(answer).to.match(new RegExp(`^HTTP/1\\.1 ${status} `));
        expect((await echo('{"text":"still here"}')).status).to.equal(200);
      });
    }
  });
});

describe('HTTP server limits', () => {
  it('cuts a request that arrives too slowly', async () => {
    const http = await startTestHttp({
      routes: echoRoutes(),
      config: { headTimeoutMs: 1, requestTimeoutMs: 1 },
    });
    const answer = await rawExchange(http.port, 'POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Le');
    expect(answer)
      .to.match(/^HTTP\/1\.1 408 /)
      .and.include('request_timeout');
    const body = await rawExchange(
      http.port,
      'POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{',
    );
    expect(body).to.match(/^HTTP\/1\.1 4\d\d /);
    await http.server.close();
  });

  it('answers 503 when a handler takes too long, and the late result changes nothing', async () => {
    const started = new EventTarget();
    let finish: () => void = () => undefined;
    const http = await startTestHttp({
      routes: echoRoutes(() => {
        started.dispatchEvent(new Event('started'));
        return new Promise((resolve) => {
          finish = resolve;
        });
      }),
    });
    const reached = once(started, 'started');
    const asked = http.call('POST', '/v1/echo', { body: { text: 'x' } });
    await reached;
    http.clock.advance(15_000);
    const answer = await asked;
    expect([answer.status, answer.json['code']]).to.deep.equal([503, 'unavailable']);
    finish();
    await http.server.close();
  });

  it('limits each token on its own', async () => {
    const http = await startTestHttp({ routes: echoRoutes(), config: { requestsPerMinute: 3 } });
    const status = async (token: string) =>
      (await http.call('POST', '/v1/echo', { body: { text: 'x' }, token })).status;
    expect([await status('all'), await status('all'), await status('all')]).to.deep.equal([200, 200, 200]);
    const refused = await http.call('POST', '/v1/echo', { raw: 'not even JSON' });
    expect([refused.status, refused.json['code']]).to.deep.equal([429, 'rate_limited']);
    expect(Number(refused.headers.get('retry-after'))).to.be.within(1, 60);
    expect(await status('events-write')).to.equal(200);
    await http.server.close();
  });

  it('stops asking the database for an address that shows one wrong token after the other', async () => {
    let asked = 0;
    const http = await startTestHttp({
      routes: echoRoutes(),
      config: { badTokensPerMinute: 3, trustedProxies: ['127.0.0.1'] },
      resolveToken: (secret) => {
        asked += 1;
        return Promise.resolve(secret === 'good' ? { name: 'good', scopes: ['events:write'] } : undefined);
      },
    });
    const status = async (token: string, address: string) => {
      const options = { body: { text: 'x' }, token, headers: { 'x-forwarded-for': address } };
      return (await http.call('POST', '/v1/echo', options)).status;
    };
    const statuses: number[] = [];
    for (let n = 0; n < 5; n++) statuses.push(await status(`guess${n}`, '192.0.2.1'));
    expect(statuses).to.deep.equal([401, 401, 401, 429, 429]);
    expect(asked).to.equal(3);
    expect(await status('good', '192.0.2.2'), 'another address behind the trusted proxy').to.equal(200);
    await http.server.close();
  });

  it('does not believe X-Forwarded-For from anybody else', async () => {
    const http = await startTestHttp({ routes: echoRoutes(), config: { badTokensPerMinute: 1 } });
    const status = async (address: string) =>
      (await http.call('POST', '/v1/echo', { token: 'guess', headers: { 'x-forwarded-for': address } }))
        .status;
    expect([await status('192.0.2.1'), await status('192.0.2.2')]).to.deep.equal([401, 429]);
    await http.server.close();
  });

  it('answers 503 when tokens cannot be checked', async () => {
    const http = await startTestHttp({
      routes: echoRoutes(),
      resolveToken: () => Promise.reject(new Fault('database is down')),
    });
    const answer = await http.call('POST', '/v1/echo', { body: { text: 'x' } });
    expect([answer.status, answer.json['code']]).to.deep.equal([503, 'unavailable']);
    await http.server.close();
  });

  it('finishes requests in flight when it stops, and takes no new ones', async () => {
    const started = new EventTarget();
    let finish: () => void = () => undefined;
    const http = await startTestHttp({
      routes: echoRoutes(() => {
        started.dispatchEvent(new Event('started'));
        return new Promise((resolve) => {
          finish = resolve;
        });
      }),
    });
    const reached = once(started, 'started');
    const asked = http.call('POST', '/v1/echo', { body: { text: 'x' } });
    await reached;
    const closed = http.server.close();
    finish();
    const answer = await asked;
    expect([answer.status, answer.headers.get('connection')]).to.deep.equal([200, 'close']);
    await closed;
    expect(await http.call('GET', '/openapi.json').catch(() => 'refused')).to.equal('refused');
  });

  it('cuts what does not finish in the stop time-out', async () => {
    const http = await startTestHttp({ routes: echoRoutes() });
    const idle = await open(http.port);
    idle.on('error', () => undefined);
    idle.write('POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nAuthorization: Bearer all\r\n');
    idle.write('Content-Type: application/json\r\n\r\n{');
    const seen = once(idle, 'close');
    // Answered only after the server has read the half request before it.
    expect((await http.call('POST', '/v1/echo', { body: { text: 'x' } })).status).to.equal(200);
    const closed = http.server.close();
    http.clock.advance(5_000);
    await Promise.all([closed, seen]);
  });
});
