import { expect } from 'chai';
import { request } from 'node:http';
import { SUBSCRIBERS, startFakeDemo, type FakeDemo } from './fake-network.ts';

const ANNA = SUBSCRIBERS[0]!.msisdn;
const BORIS = SUBSCRIBERS[1]!.msisdn;

describe('the phone', () => {
  let demo: FakeDemo;
  let origin: string;
  before(async () => {
    demo = await startFakeDemo();
    origin = new URL(demo.phone.url).origin;
  });
  after(() => demo.close());
  beforeEach(() => demo.heard.splice(0));

  const api = async (
    path: string,
    body?: object,
  ): Promise<{ status: number; body: Record<string, unknown> }> => {
    const init = body && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    const answer = await fetch(`${demo.phone.url}/api/${path}`, init);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const raw = (path: string, headers: Record<string, string>, method = 'GET', body = ''): Promise<number> =>
    new Promise((resolve, reject) => {
      const sent = request(origin + path, { method, headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      sent.on('error', reject).end(body);
    });

  describe('page', () => {
    it('is served with its programs and styles, and forbids everything from elsewhere', async () => {
      const page = await fetch(demo.phone.url);
      const html = await page.text();
      expect(page.headers.get('content-security-policy')).to.contain("default-src 'none'");
      const files = [...html.matchAll(/(?:src|href)="(\/phone\/[a-z.]+)"/g)].map(([, path]) => path!);
      expect(files).to.have.length.greaterThan(4);
      for (const path of files) expect((await fetch(origin + path)).status, path).to.equal(200);
      expect(html).not.to.match(/https?:\/\//);
    });

    it('serves nothing but its own folder', async () => {
      for (const path of ['/phone/..%2fphone.ts', '/phone/phone.ts', '/phone/nothing.js', '/etc/passwd']) {
        expect(await raw(path, {}), path).to.equal(404);
      }
    });

    it('leads from the root to the phone', async () => {
      const answer = await fetch(origin, { redirect: 'manual' });
      expect(answer.headers.get('location')).to.equal('/phone');
    });

    it('talks to nobody who came by another name or from another site', async () => {
      const json = { 'content-type': 'application/json' };
      const send = JSON.stringify({ from: ANNA, text: 'BALANCE' });
      expect(await raw('/phone', { host: 'evil.example' })).to.equal(403);
      expect(await raw(`/phone/web/${ANNA}/http/books.example/`, { host: 'evil.example' })).to.equal(403);
      const foreign = { ...json, origin: 'http://evil.example' };
      expect(await raw('/phone/api/messages', foreign, 'POST', send)).to.equal(403);
      expect(await raw('/phone/api/messages', { ...json, origin: 'null' }, 'POST', send)).to.equal(403);
      expect(await raw('/phone/api/messages', { 'content-type': 'text/plain' }, 'POST', send)).to.equal(415);
      expect(demo.smsc.handset(ANNA).messages).to.have.lengthOf(0);
    });

    it('explains a bad request', async () => {
      expect(await api('messages', { from: '79990000000', text: 'x' })).to.deep.equal({
        status: 404,
        body: { error: '79990000000 is no demo subscriber' },
      });
      expect((await api('messages', { from: ANNA })).body).to.deep.equal({ error: 'text must be text' });
      expect((await api('clock', { days: 1.5 })).body['error']).to.contain('days must be a whole number');
      expect((await api('ussd', { from: ANNA, code: '100' })).status).to.equal(400);
      expect((await api('call/press', { from: ANNA, digits: 'a' })).status).to.equal(400);
      expect((await api('browse', { from: ANNA, url: 'http://' })).status).to.equal(400);
    });
  });

  describe('guide', () => {
    it('names the subscribers with their PINs, the numbers and the story', async () => {
      const { body } = await api('guide');
      expect(body['subscribers']).to.deep.equal(SUBSCRIBERS);
      expect(body).to.include({ shortCode: '1010', ussdCode: '*100#', ivrNumber: '0611' });
      expect(body['story']).to.have.lengthOf(10);
    });

    it('has story steps whose own example ticks them off', async () => {
      const { body } = await api('guide');
      const example: Record<string, string> = { messages: 'sms', dial: 'ussd', web: 'web GET' };
      for (const { app, prefill, done } of body['story'] as Record<string, string>[]) {
        if (app !== 'messages' && app !== 'dial') continue;
        const verb = app === 'dial' && !/[*#]/.test(prefill!) ? 'call' : example[app];
        const text = prefill!.replace('{code}', '4821').replace('{friend}', BORIS);
        expect(`${verb} ${text}`).to.match(new RegExp(done!, 'iu'));
      }
    });
  });

  describe('messages', () => {
    it('go to the short code, and the reply can be waited for', async () => {
      const { body } = await api('messages', { from: `+${ANNA}`, text: 'BALANCE', waitMs: 10_000 });
      expect(body['status']).to.deep.equal({
        kind: 'delivered',
        commandStatus: 0,
        attempts: 1,
        answers: [0],
      });
      expect(body['reply']).to.include({
        peer: '1010',
        text: 'You have 500 points. 120 points expire after 31 Dec.',
      });
    });

    it('are kept as a conversation for each subscriber', async () => {
      await api('messages', { from: BORIS, text: 'БАЛАНС', waitMs: 10_000 });
      const { messages } = (await api(`messages?msisdn=${BORIS}`)).body as { messages: { text: string }[] };
      expect(messages.map(({ text }) => text)).to.deep.equal(['БАЛАНС', 'У вас 80 баллов.']);
    });

    it('report that nobody answered', async () => {
      const { body } = await api('messages', { from: BORIS, text: 'NOTHING', waitMs: 1 });
      expect(body).to.deep.equal({});
    });

    it('appear on the open page as they happen', async () => {
      const page = new AbortController();
      const stream = await fetch(`${demo.phone.url}/api/events?msisdn=${ANNA}`, { signal: page.signal });
      expect(stream.headers.get('content-type')).to.equal('text/event-stream');
      await api('messages', { from: BORIS, text: 'NOTHING' });
      await api('messages', { from: ANNA, text: 'HELLO' });
      let seen = '';
      for await (const chunk of stream.body!.pipeThrough(new TextDecoderStream())) {
        seen += chunk;
        if (/event: message\n.*we did not understand/.test(seen) && seen.includes('event: state')) break;
      }
      page.abort();
      expect(seen).to.contain('"text":"HELLO"').and.not.to.contain(BORIS);
      expect(seen).to.match(/event: log\n.*deliver_sm 79160000001 -> 1010: delivered/);
    });
  });

  describe('USSD', () => {
    it('shows the menu, takes an answer and ends', async () => {
      const first = await api('ussd', { from: ANNA, code: '*100#' });
      expect(first.body['screen']).to.contain('1 My points');
      expect(first.body['end']).to.equal(undefined);
      const { body } = await api('ussd/answer', { from: ANNA, text: '1' });
      expect(body).to.deep.equal({ code: '*100#', screen: 'You chose 1', end: 'final' });
      expect((await api('ussd/answer', { from: ANNA, text: '1' })).status).to.equal(409);
    });

    it('can be cancelled', async () => {
      await api('ussd', { from: ANNA });
      const { body } = await api('ussd/abort', { from: ANNA });
      expect(body).to.deep.equal({ code: '*100#', end: 'aborted by subscriber' });
    });
  });

  describe('calls', () => {
    const news = (after: number): Promise<{ body: Record<string, unknown> }> =>
      api(`call?msisdn=${ANNA}&after=${after}`);

    it('play prompts as text, take keys and end', async () => {
      await api('call', { from: ANNA });
      expect((await news(0)).body['prompts']).to.deep.equal([
        { text: 'For your points, press 1. To leave, press 0.', asks: true },
      ]);
      expect((await api('call/press', { from: ANNA, digits: '1' })).body).to.deep.equal({ heard: 1 });
      const { prompts } = (await news(1)).body as { prompts: { text: string }[] };
      expect(prompts[0]?.text).to.contain('five hundred');
      await api('call/press', { from: ANNA, digits: '0' });
      expect((await news(2)).body).to.deep.equal({ prompts: [], cause: 'NORMAL_CLEARING' });
      expect((await api('call/press', { from: ANNA, digits: '0' })).status).to.equal(409);
    });

    it('can be hung up', async () => {
      await api('call', { from: ANNA });
      await api('call/hangup', { from: ANNA });
      expect((await news(9)).body['cause']).to.equal('NORMAL_CLEARING');
    });
  });

  describe('browser', () => {
    it('follows the redirect of the DPI to the offer and tells each hop', async () => {
      const { body } = await api('browse', { from: ANNA, url: 'books.example' });
      expect(body['title']).to.equal('Bonus points for your purchase');
      expect(body['text']).to.equal(
        'Collect points here\nGet 5 points for every 100 roubles & more.\nYes, please',
      );
      expect((body['hops'] as object[]).map((hop) => (hop as { verdict: string }).verdict)).to.deep.equal([
        'redirect',
        'direct',
      ]);
      expect(demo.heard[0]).to.equal('10.20.0.1 GET http://books.example/');
    });

    it('tells when nothing answers', async () => {
      const { body } = await api('browse', { from: ANNA, url: 'http://nowhere.example/' });
      expect((body['hops'] as object[])[0]).to.include({ verdict: 'failed', status: 0 });
    });

    it('frames a page without script and leads its links, forms and cookies back through itself', async () => {
      const visit = (path: string, init?: RequestInit): Promise<Response> => fetch(origin + path, init);
      const home = `/phone/web/${BORIS}/http/books.example/`;
      const offer = await visit(home);
      expect(offer.url).to.equal(`${origin}/phone/web/${BORIS}/http/127.0.0.1%3A8080/offer?to=books`);
      expect(offer.headers.get('content-security-policy')).to.contain('sandbox allow-forms');
      const [, action = ''] = /action="([^"]*)"/.exec(await offer.text()) ?? [];
      const answer = await visit(action.replaceAll('&#38;', '&'), {
        method: 'POST',
        headers: { origin: 'null', 'content-type': 'application/x-www-form-urlencoded' },
        body: 'answer=yes',
      });
      expect(answer.url).to.equal(`${origin}/phone/web/${BORIS}/http/books.example/?seen=1`);
      const shop = await answer.text();
      expect(shop).to.contain(`href="${home}basket"`).and.to.contain('href="#top"').and.to.contain('mailto:');
      expect(shop).to.contain(`/phone/web/${BORIS}/http/coffee.example/x?y=1`);
      expect((await visit(home)).url).to.equal(origin + home);
      expect(demo.heard).to.include('10.20.0.2 POST http://127.0.0.1:8080/offer/answer?a=1&b=2 answer=yes');
      expect(demo.heard.at(-1)).to.equal('10.20.0.2 GET http://books.example/ basket=7');
    });

    it('shows a page of its own when nothing answers', async () => {
      const answer = await fetch(`${origin}/phone/web/${ANNA}/http/nowhere.example/`);
      expect(answer.status).to.equal(502);
      expect(await answer.text()).to.contain('nowhere.example did not answer');
    });
  });

  describe('world', () => {
    it('buys and pays at the bookshop, and says what the gateway said', async () => {
      expect((await api('till', { from: ANNA, what: 'buy', amount: 125_000 })).body).to.deep.equal({
        ...{ told: 'Bought for 1250.00 roubles, 125 points given.', done: true },
      });
      expect((await api('till', { from: ANNA, what: 'pay', amount: 40 })).body).to.deep.equal({
        ...{ told: 'The gateway refused: points_insufficient.', done: false },
      });
      expect(demo.heard).to.deep.equal([`bought ${ANNA} 125000`, `paid ${ANNA} 40`]);
    });

    it('pays, and says what came of it', async () => {
      expect((await api('top-up', { from: ANNA, amount: 50_000 })).body).to.deep.equal({
        told: '5 points for 500.00',
      });
      expect(demo.heard).to.deep.equal([`top-up ${ANNA} 50000`]);
    });

    it('moves the clock', async () => {
      expect((await api('clock')).body).to.deep.equal({ now: '2029-10-04T03:04:05.000Z' });
      expect((await api('clock', { days: 90 })).body).to.deep.equal({ now: '2030-01-02T03:04:05.000Z' });
      expect(demo.heard).to.deep.equal(['clock 90']);
    });

    it('sets faults by name', async () => {
      await api('faults', { name: 'smsc.silent', value: true });
      await api('faults', { name: 'smsc.delay', value: 250 });
      await api('faults', { name: 'smsc.cut' });
      const { faults } = (await api('faults')).body as { faults: { name: string; value: unknown }[] };
      expect(faults.map(({ name, value }) => [name, value])).to.deep.equal([
        ['smsc.silent', true],
        ['smsc.delay', 250],
        ['smsc.cut', false],
      ]);
      expect(demo.heard).to.deep.equal(['cut']);
      expect((await api('faults', { name: 'other' })).status).to.equal(404);
      await api('faults', { name: 'smsc.silent', value: false });
    });
  });
});
