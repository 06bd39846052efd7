import { expect } from 'chai';
import {
  addAudience,
  bindIdentity,
  findMerchantOf,
  saveMerchant,
} from '../../../src/cashback/programme-store.ts';
import { listSnapshot } from '../../../src/cashback/snapshot-store.ts';
import { findAnswer, recordAnswer, recordShown, useNonce } from '../../../src/cashback/store.ts';
import { offerPages, type OfferDeps } from '../../../src/channels/pages/offer.ts';
import type { Page, PageResponse } from '../../../src/channels/pages/page.ts';
import { createDecide, type RedirectPolicy } from '../../../src/channels/redirect/decide.ts';
import type { Decision } from '../../../src/channels/redirect/decision.ts';
import { createReturnTickets } from '../../../src/channels/redirect/return-url.ts';
import { Snapshot } from '../../../src/channels/redirect/snapshot.ts';
import type { ShownRecord } from '../../../src/cashback/changes.ts';
import { manualClock } from '../../../src/runtime/clock.ts';
import { newTraceId } from '../../../src/runtime/ids.ts';
import { createLogger } from '../../../src/runtime/log.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const REQUESTED = 'http://books.example/new?page=2&q=%D1%8F';

describe('The offer, from the first visit to the shop', () => {
  const clock = manualClock();
  const tickets = createReturnTickets([{ id: 1, secret: 'a secret of at least thirty-two characters' }]);
  const policy: RedirectPolicy = {
    offerUrl: 'http://bonus.example/offer',
    quietDays: 0,
    loopGuardParams: ['bg_return'],
    returnValidityMs: 600_000,
  };
  let database: TestDatabase;
  let snapshot: Snapshot;
  let pages: Page[];
  let subscriber = 100;
  const shown: ShownRecord[] = [];
  const log = createLogger({ level: 'silent' });
  const working = (): OfferDeps => ({
    clock,
    log,
    tickets,
    offerUrl: policy.offerUrl,
    marker: 'bg_return',
    brand: () => ({ title: 'Bonus & Co', colour: '#0b6e4f' }),
    findMerchant: (host) => findMerchantOf(database.pool, host),
    recordAnswer: (given, now) => recordAnswer(database.pool, given, now),
    useNonce: (nonce, expiresAt, now) => useNonce(database.pool, nonce, expiresAt, now),
    applyAnswer: (answer) => {
      snapshot.apply({ kind: 'answer', ...answer });
      return Promise.resolve();
    },
  });

  before(async () => {
    database = await createTestDatabase();
    await saveMerchant(database.pool, { name: 'Books <&> more', hosts: ['books.example'] }, clock.now());
  });
  after(() => database.drop());
  beforeEach(async () => {
    pages = offerPages(working());
    subscriber += 1;
    await addAudience(database.pool, [BigInt(subscriber)], clock.now());
    await bindIdentity(
      database.pool,
      { identity: `10.1.0.${subscriber}`, subscriber: BigInt(subscriber) },
      clock.now(),
    );
    snapshot = new Snapshot();
    for await (const chunk of listSnapshot(database.pool)) snapshot.load(chunk);
  });

  const visit = (url = REQUESTED): Decision =>
    createDecide({ clock, tickets, policy, snapshot: () => snapshot, shown: (record) => shown.push(record) })(
      {
        method: 'GET',
        url,
        host: 'books.example',
        identity: `10.1.0.${subscriber}`,
      },
    );
  const token = () => {
    const decision = visit();
    return decision.kind === 'redirect' ? decision.location.split('t=')[1]! : expect.fail(decision.reason);
  };
  const get = (query: Record<string, string>, headers: Record<string, string> = {}) =>
    pages[0]!.handle({ query, form: {}, headers, trace: newTraceId() });
  const post = (form: Record<string, string>): Promise<PageResponse> =>
    pages[1]!.handle({ query: {}, form, headers: {}, trace: newTraceId() });

  for (const [action, stored] of [
    ['accept', 'accepted'],
    ['decline', 'declined'],
  ] as const) {
    it(`${action}: stores the answer, and the shop is next`, async () => {
      const answered = await post({ t: token(), action });
      expect(answered.status).to.equal(303);
      expect(answered.headers['location']).to.equal(`${REQUESTED}&bg_return=1`);
      expect(await findAnswer(database.pool, subscriber)).to.deep.equal({ answer: stored, version: 1 });
      expect(visit(answered.headers['location'])).to.include({ kind: 'pass' });
      expect(visit()).to.deep.equal({ kind: 'pass', reason: 'answered' });
    });
  }

  it('later: stores nothing, and the shop is next', async () => {
    const answered = await post({ t: token(), action: 'later' });
    expect(answered.status).to.equal(303);
    expect(await findAnswer(database.pool, subscriber)).to.be.undefined;
    expect(visit(answered.headers['location'])).to.deep.equal({ kind: 'pass', reason: 'loop_guard' });
  });

  it('sends on only after the workers know', async () => {
    const order: string[] = [];
    pages = offerPages({
      ...working(),
      applyAnswer: async () => {
        await Promise.resolve();
        order.push('workers');
      },
    });
    await post({ t: token(), action: 'accept' }).then(() => order.push('303'));
    expect(order).to.deep.equal(['workers', '303']);
  });

  it('shows a page in the language of the browser', async () => {
    const t = token();
    const russian = await get({ t }, { 'accept-language': 'ru-RU,ru;q=0.9,en;q=0.5' });
    expect(russian.body).to.include('<html lang="ru">').and.to.include('Подключиться');
    const english = await get({ t }, { 'accept-language': 'de, en-GB;q=0.4, ru;q=0.3' });
    expect(english.body).to.include('<html lang="en">').and.to.include('Join and go to the shop');
    const chosen = await get({ t, lang: 'ru' }, { 'accept-language': 'en' });
    expect(chosen.body).to.include('<html lang="ru">');
  });

  it('shows a page without script, under 15 kB even for the longest address, with everything escaped', async () => {
    const decision = visit(`http://books.example/${'a'.repeat(2_027)}`);
    const t = decision.kind === 'redirect' ? decision.location.split('t=')[1]! : expect.fail();
    const page = await get({ t });
    expect(page.status).to.equal(200);
    expect(Buffer.byteLength(page.body)).to.be.lessThan(15_000);
    expect(page.body).not.to.match(/<script|javascript:|\son\w+=|<&>/i);
    expect(page.body).to.include('Books &lt;&amp;&gt; more').and.to.include('Bonus &amp; Co');
    expect(page.headers['content-security-policy']).to.match(
      /^default-src 'none'; style-src 'sha256-[\w+/=]+';/,
    );
  });

  it('takes one answer per ticket: a replay stores nothing and shows the way on', async () => {
    const t = token();
    await post({ t, action: 'accept' });
    for (const action of ['decline', 'accept', 'later']) {
      const replay = await post({ t, action });
      expect(replay.status).to.equal(409);
      expect(replay.headers).not.to.have.property('location');
      expect(replay.body).to.include('href="http://books.example/new?page=2&amp;q=%D1%8F&amp;bg_return=1"');
    }
    expect(await findAnswer(database.pool, subscriber)).to.deep.equal({ answer: 'accepted', version: 1 });
  });

  it('takes one of two answers that come at the same time', async () => {
    const t = token();
    const both = await Promise.all([post({ t, action: 'accept' }), post({ t, action: 'decline' })]);
    expect(both.map(({ status }) => status).sort()).to.deep.equal([303, 409]);
  });

  it('never leads anywhere with a ticket it did not sign', async () => {
    const t = token();
    const forged = createReturnTickets([{ id: 1, secret: 'another secret of thirty-two characters' }]).seal({
      subscriber,
      merchant: 1,
      url: 'http://books.example/',
      expiresAtS: clock.now() / 1_000 + 60,
    }).token;
    for (const bad of ['', 'x', t.slice(0, -2), `${t}AA`, forged, '"><script>alert(1)</script>']) {
      for (const page of [await get({ t: bad }), await post({ t: bad, action: 'accept' })]) {
        expect(page.status).to.equal(400);
        expect(page.headers).not.to.have.property('location');
        expect(page.body).not.to.include('href="http').and.not.to.include('<script');
      }
    }
    expect(await findAnswer(database.pool, subscriber)).to.be.undefined;
  });

  it('does not return to a host that is no partner, even with a genuine ticket', async () => {
    const expiresAtS = clock.now() / 1_000 + 60;
    for (const url of [
      'http://evil.example/',
      'http://books.example@evil.example/',
      'http://books.example:81/',
      'no address',
    ]) {
      const { token: t } = tickets.seal({ subscriber, merchant: 1, url, expiresAtS });
      const page = await post({ t, action: 'accept' });
      expect(page.status, url).to.equal(410);
      expect(page.body).not.to.include('href="http');
    }
  });

  it('is out of date after its time, and still shows the way on', async () => {
    const t = token();
    clock.advance(policy.returnValidityMs);
    const page = await post({ t, action: 'accept' });
    expect(page.status).to.equal(410);
    expect(page.body).to.include('href="http://books.example/new');
    expect(await findAnswer(database.pool, subscriber)).to.be.undefined;
  });

  it('refuses an action it does not know', async () => {
    expect((await post({ t: token(), action: 'steal' })).status).to.equal(400);
    expect((await post({ t: token() })).status).to.equal(400);
  });

  it('without database: apologises and shows the way on to the shop', async () => {
    const down = () => Promise.reject(new Error('no database'));
    pages = offerPages({ ...working(), findMerchant: down });
    for (const page of [await get({ t: token() }), await post({ t: token(), action: 'accept' })]) {
      expect(page.status).to.equal(503);
      expect(page.body).to.include('href="http://books.example/new');
    }
    pages = offerPages({ ...working(), recordAnswer: down });
    expect((await post({ t: token(), action: 'accept' })).status).to.equal(503);
  });

  it('is audited by the nonce of its ticket', async () => {
    const before = shown.length;
    token();
    await recordShown(database.pool, shown.slice(before), clock.now());
    const rows = await database.pool.query<{ nonce: string; subscriber_id: bigint }>(
      'select nonce, subscriber_id from cashback_shown where subscriber_id = $1',
      [subscriber],
    );
    expect(rows).to.deep.equal([{ nonce: shown[before]!.nonce, subscriber_id: BigInt(subscriber) }]);
  });
});
