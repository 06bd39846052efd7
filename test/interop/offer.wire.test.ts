import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext, type Page as Tab } from 'playwright-core';
import { offerPages } from '../../src/channels/pages/offer.ts';
import { createReturnTickets } from '../../src/channels/redirect/return-url.ts';
import type { Answer } from '../../src/cashback/changes.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { createLogger } from '../../src/runtime/log.ts';
import { startShop, type Shop } from '../../simulators/shop/shop.ts';
import { servePages } from '../support/page-server.ts';
import { requirePeer } from './peer-process.ts';

/** Set to a folder to keep screenshots of every page. */
const SCREENSHOTS = process.env['SCREENSHOTS'];

describe('The offer in Chromium', function () {
  this.timeout(60_000);
  const clock = systemClock();
  const tickets = createReturnTickets([{ id: 1, secret: 'a secret of at least thirty-two characters' }]);
  const used = new Set<string>();
  const answers: Answer[] = [];
  const complaints: string[] = [];
  let folder: string;
  let context: BrowserContext;
  let tab: Tab;
  /** Empty while the suite is skipped. */
  let cleanUp = (): Promise<void> => Promise.resolve();
  let shop: Shop;
  let site: { port: number; close(): void };

  before(async function () {
    const executablePath = requirePeer(this, 'chromium', ['/usr/bin/chromium', '/usr/bin/chromium-browser']);
    cleanUp = async () => {
      await context.close();
      site.close();
      await shop.close();
      await rm(folder, { recursive: true, force: true });
    };
    shop = await startShop();
    site = await servePages(() => pages);
    folder = await mkdtemp(path.join(tmpdir(), 'bonusgate-chromium-'));
    context = await chromium.launchPersistentContext(folder, {
      executablePath,
      headless: true,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        `--host-resolver-rules=MAP books.example 127.0.0.1:${shop.port}`,
      ],
      viewport: { width: 390, height: 844 },
      deviceScaleFactor: 2,
      locale: 'en-GB',
    });
    tab = await context.newPage();
    tab.on('console', (line) => complaints.push(line.text()));
  });
  after(() => cleanUp());
  beforeEach(() => {
    complaints.length = answers.length = 0;
  });

  const useNonce = (nonce: string) => {
    const fresh = !used.has(nonce);
    used.add(nonce);
    return Promise.resolve(fresh);
  };
  const pages = offerPages({
    clock,
    log: createLogger({ level: 'silent' }),
    tickets,
    offerUrl: 'http://bonus.example/offer',
    marker: 'bg_return',
    brand: () => ({ title: 'Bonus Cashback', colour: '#0b6e4f', termsUrl: 'http://bonus.example/terms' }),
    findMerchant: (host) =>
      Promise.resolve(host === 'books.example' ? { id: 1, name: 'Corner Books' } : undefined),
    recordAnswer: async (given) => {
      if (!(await useNonce(given.nonce))) return undefined;
      answers.push(given.answer);
      return 1;
    },
    useNonce,
    applyAnswer: () => Promise.resolve(),
  });
  const offer = (validS = 600) => {
    const expiresAtS = Math.floor(clock.now() / 1_000) + validS;
    const { token } = tickets.seal({
      subscriber: 7,
      merchant: 1,
      url: 'http://books.example/new?a=b',
      expiresAtS,
    });
    return `http://127.0.0.1:${site.port}/offer?t=${token}`;
  };
  const screenshot = async (name: string) => {
    if (SCREENSHOTS !== undefined)
      await tab.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage: true });
  };

  for (const [language, button, answer] of [
    ['en', 'Join and go to the shop', 'accepted'],
    ['ru', 'Нет, спасибо', 'declined'],
  ] as const) {
    it(`is styled, fits a phone, and leads to the shop (${language}, ${answer})`, async () => {
      await tab.goto(`${offer()}&lang=${language}`);
      await screenshot(`offer-${language}`);
      const card = await tab.evaluate(`({
        radius: getComputedStyle(document.querySelector('.card')).borderRadius,
        overflow: document.documentElement.scrollWidth > window.innerWidth,
      })`);
      expect(card).to.deep.equal({ radius: '18px', overflow: false });
      await tab.getByRole('button', { name: button }).click();
      await tab.waitForURL('http://books.example/new?a=b&bg_return=1');
      expect(await tab.textContent('main')).to.include('Welcome to Corner Books');
      expect(answers).to.deep.equal([answer]);
      expect(complaints.filter((text) => /security policy/i.test(text))).to.be.empty;
    });
  }

  it('changes its language without losing the ticket', async () => {
    await tab.goto(offer());
    expect(await tab.textContent('h1')).to.equal('Get points back at Corner Books');
    await tab.getByRole('link', { name: 'Русский' }).click();
    expect(await tab.textContent('h1')).to.equal('Баллы за покупки в магазине «Corner Books»');
    await tab.getByRole('button', { name: 'Решу позже' }).click();
    await tab.waitForURL('http://books.example/new?a=b&bg_return=1');
  });

  it('pressed twice, explains itself and still leads to the shop', async () => {
    const address = offer();
    await tab.goto(address);
    await tab.getByRole('button', { name: 'Join' }).click();
    await tab.waitForURL('http://books.example/**');
    await tab.goto(address);
    await tab.getByRole('button', { name: 'Join' }).click();
    await screenshot('used');
    expect(await tab.textContent('h1')).to.equal('You have already answered');
    await tab.getByRole('link', { name: 'Go to books.example' }).click();
    await tab.waitForURL('http://books.example/new?a=b&bg_return=1');
  });

  it('explains a link that is broken or out of date', async () => {
    await tab.goto(`${offer().slice(0, -3)}&lang=ru`);
    await screenshot('broken-ru');
    expect(await tab.textContent('h1')).to.equal('Ссылка не работает');
    await tab.goto(offer(-1));
    await screenshot('expired');
    expect(await tab.textContent('h1')).to.equal('This page is out of date');
  });
});
