import { expect } from 'chai';
import { followChanges } from '../../../src/cashback/follow.ts';
import {
  addAudience,
  bindIdentity,
  findMerchantOf,
  optOut,
  releaseIdentity,
  saveMerchant,
} from '../../../src/cashback/programme-store.ts';
import { listSnapshot } from '../../../src/cashback/snapshot-store.ts';
import { findAnswer, recordAnswer, recordShown, useNonce } from '../../../src/cashback/store.ts';
import { offerPages } from '../../../src/channels/pages/offer.ts';
import type { Page } from '../../../src/channels/pages/page.ts';
import { createReturnTickets } from '../../../src/channels/redirect/return-url.ts';
import { startIcap, type IcapFrontEnd } from '../../../src/daemon-icap.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { cashbackConfig } from '../../../src/runtime/config/cashback.ts';
import { icapConfig } from '../../../src/runtime/config/icap.ts';
import { createLogger } from '../../../src/runtime/log.ts';
import { startDpi, type BrowseResult, type Dpi } from '../../../simulators/dpi/dpi.ts';
import { startShop, type Shop } from '../../../simulators/shop/shop.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { feedIsCurrent } from '../../support/cashback.ts';
import { servePages } from '../../support/page-server.ts';

const clock = systemClock();
const log = createLogger({ level: 'silent' });

describe('Browsing to a partner shop behind a DPI', function () {
  let database: TestDatabase;
  let icap: IcapFrontEnd;
  let dpi: Dpi;
  let shop: Shop;
  let site: { port: number; close(): void };
  let feed: Awaited<ReturnType<typeof followChanges>>;
  let pages: Page[] = [];
  let subscriber = 0n;
  let ip: string;

  before(async () => {
    database = await createTestDatabase();
    const db = database.pool;
    await saveMerchant(db, { name: 'Corner Books', hosts: ['books.example'] }, clock.now());
    site = await servePages(() => pages);
    shop = await startShop();
    const cashback = cashbackConfig.parse({
      offerUrl: `http://127.0.0.1:${site.port}/offer`,
      returnKeys: [{ id: 1, secret: 'a secret of at least thirty-two characters' }],
    });
    icap = await startIcap(
      { icap: icapConfig.parse({ port: 0, workers: 2 }), cashback },
      {
        clock,
        log,
        loadSnapshot: () => listSnapshot(db),
        recordShown: (records) => recordShown(db, records, clock.now()),
      },
    );
    feed = await followChanges({
      db,
      clock,
      log,
      intervalMs: 60_000,
      publish: (changes) => icap.publish(changes),
      reload: () => icap.reload(),
    });
    await icap.reload();
    pages = offerPages({
      clock,
      log,
      tickets: createReturnTickets(cashback.returnKeys),
      offerUrl: cashback.offerUrl,
      marker: cashback.loopGuardParams[0]!,
      brand: () => cashback,
      findMerchant: (host) => findMerchantOf(db, host),
      recordAnswer: (given, now) => recordAnswer(db, given, now),
      useNonce: (nonce, expiresAt, now) => useNonce(db, nonce, expiresAt, now),
      applyAnswer: (answer) => icap.applyAnswer(answer),
    });
    dpi = startDpi({
      icapHost: '127.0.0.1',
      icapPort: icap.address.port,
      resolve: (host) => shop.resolve(host),
    });
  });
  after(async () => {
    dpi.close();
    await feed.close();
    await icap.close();
    site.close();
    await shop.close();
    await database.drop();
  });
  beforeEach(async () => {
    subscriber += 1n;
    ip = `10.2.0.${String(subscriber)}`;
    await addAudience(database.pool, [subscriber], clock.now());
    await bindIdentity(database.pool, { identity: ip, subscriber }, clock.now());
    await caughtUp();
  });

  const caughtUp = async () => {
    await feedIsCurrent(database.pool);
    await feed.poll();
  };
  const browse = (url = 'http://books.example/new?a=b') => dpi.browse(url, { ip });
  const answerWith = async (redirect: BrowseResult, action: string) => {
    const offer = new URL(redirect.location!);
    const form = new URLSearchParams({ t: offer.searchParams.get('t')!, action });
    return fetch(new URL(offer.pathname, offer), { method: 'POST', body: form, redirect: 'manual' });
  };

  for (const action of ['accept', 'decline', 'later']) {
    it(`leads through the offer (${action}) to the requested page, and never back`, async () => {
      const first = await browse();
      expect(first).to.include({ outcome: 'redirect', status: 302 });
      expect(await fetch(first.location!).then((page) => page.text())).to.include('Corner Books');
      const sent = await answerWith(first, action);
      expect(sent.status).to.equal(303);
      const arrived = await browse(sent.headers.get('location')!);
      expect(arrived).to.include({ outcome: 'pass', status: 200 });
      expect(arrived.body).to.include('Welcome to Corner Books');
      expect(shop.visits.at(-1)).to.equal('GET books.example/new?a=b&bg_return=1');
      expect(await browse()).to.include({ outcome: 'pass' });
      const stored = await findAnswer(database.pool, Number(subscriber));
      expect(stored?.answer).to.equal({ accept: 'accepted', decline: 'declined' }[action]);
    });
  }

  it('knows no subscriber who left, and none whose address was released', async () => {
    await optOut(database.pool, subscriber, clock.now());
    await caughtUp();
    expect(await browse()).to.include({ outcome: 'pass' });
    await addAudience(database.pool, [1_000n], clock.now());
    await bindIdentity(database.pool, { identity: ip, subscriber: 1_000n }, clock.now());
    await caughtUp();
    expect(await browse()).to.include({ outcome: 'redirect' });
    await releaseIdentity(database.pool, ip, clock.now());
    await caughtUp();
    expect(await browse()).to.include({ outcome: 'pass' });
  });

  it('passes other shops, other methods and unknown people', async () => {
    expect(await browse('http://news.example/')).to.include({ outcome: 'pass', status: 200 });
    expect(await dpi.browse('http://books.example/', { ip, method: 'POST' })).to.include({ outcome: 'pass' });
    expect(await dpi.browse('http://books.example/', { ip: '10.99.0.1' })).to.include({ outcome: 'pass' });
    expect(await browse()).to.include({ outcome: 'redirect' });
  });

  it('keeps an audit record of the redirect', async () => {
    await browse();
    const stored = async () =>
      (await database.pool.query('select from cashback_shown where subscriber_id = $1', [subscriber])).length;
    while ((await stored()) === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(await stored()).to.equal(1);
  });

  describe('when the DPI misbehaves', () => {
    afterEach(() =>
      Object.assign(dpi.faults, { fragment: false, slowMs: 0, garbage: false, halfClose: false }),
    );

    it('still redirects requests in single octets, slow ones, and those with a half-closed end', async () => {
      dpi.faults.fragment = true;
      expect(await browse()).to.include({ outcome: 'redirect' });
      dpi.faults.fragment = false;
      dpi.faults.slowMs = 1;
      expect(await browse()).to.include({ outcome: 'pass', icapStatus: 204 });
      dpi.faults.slowMs = 0;
      dpi.faults.halfClose = true;
      expect(await browse('http://news.example/')).to.include({ outcome: 'pass', icapStatus: 204 });
    });

    it('refuses garbage, and the next request is fine', async () => {
      dpi.faults.garbage = true;
      expect(await browse()).to.include({ outcome: 'pass', icapStatus: 400 });
      dpi.faults.garbage = false;
      expect(await browse()).to.include({ outcome: 'redirect' });
    });
  });

  it('tells the DPI what it can do', async () => {
    const options = await dpi.options();
    expect(options.status).to.equal(200);
    expect(options.headers.get('methods')).to.equal('REQMOD');
  });
});
