import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import { startFakeDemo, type FakeDemo } from '../simulators/phone/fake-network.ts';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describe('the phone page in Chromium', function () {
  this.timeout(60_000);
  let demo: FakeDemo | undefined;
  let browser: Browser | undefined;
  let page: Page;
  const complaints: string[] = [];

  before(async function () {
    if (!existsSync(CHROMIUM)) {
      if (process.env['REQUIRE_INTEROP'] === '1')
        throw new Error(`${CHROMIUM} is missing: apt-get install chromium`);
      console.log(`      skipped: ${CHROMIUM} is missing (apt-get install chromium)`);
      this.skip();
    }
    demo = await startFakeDemo();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: QUIET });
  });
  after(async () => {
    await browser?.close();
    await demo?.close();
  });
  beforeEach(async () => {
    complaints.splice(0);
    page = await (await browser!.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (line) => {
      if (line.type() === 'error' && !line.text().includes('sandboxed')) complaints.push(line.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(new URL(demo!.phone.url).origin))
        complaints.push(`left the demo: ${request.url()}`);
    });
    await page.goto(demo!.phone.url);
    await page.locator('body.ready').waitFor();
  });
  afterEach(async () => {
    const heard = complaints.slice();
    await page.context().close();
    expect(heard).to.deep.equal([]);
  });

  const tab = (name: string): Promise<void> => page.getByRole('tab', { name }).click();
  const dial = async (number: string): Promise<void> => {
    await tab('Dial');
    await page.getByLabel('Number or code to dial').fill(number);
    await page.getByRole('button', { name: 'Call', exact: true }).click();
  };

  it('sends a message, shows the reply, and offers the code it asks for', async () => {
    await page.getByLabel('Message', { exact: true }).fill('TRANSFER 79160000002 100');
    await page.keyboard.press('Enter');
    await page.getByText('To confirm, reply 4821').waitFor();
    await page.getByRole('button', { name: '4821' }).click();
    await page.getByText('You have 400 left').waitFor();
    await page.locator('.bubble.out .state.delivered').nth(1).waitFor();
    expect(await page.locator('#story .done').count()).to.equal(2);
  });

  it('changes hands: another subscriber, another language, another conversation', async () => {
    await page.getByText('Борис Иванов').click();
    await page.getByRole('button', { name: 'БАЛАНС' }).click();
    await page.getByText('У вас 80 баллов.').waitFor();
    expect(demo!.smsc.handset('79160000002').messages).to.have.lengthOf(2);
    await page.reload();
    await page.getByText('У вас 80 баллов.').waitFor();
  });

  it('dials a USSD code, answers with the keyboard and closes the last screen', async () => {
    await dial('*100#');
    const dialogue = page.getByRole('dialog');
    await dialogue.getByText('2 Catalogue').waitFor();
    await page.keyboard.type('2');
    await page.keyboard.press('Enter');
    await dialogue.getByText('You chose 2').waitFor();
    await page.keyboard.press('Enter');
    await dialogue.waitFor({ state: 'hidden' });
  });

  it('cancels a USSD dialogue with Escape', async () => {
    await dial('*100#');
    await page.getByRole('dialog').getByText('2 Catalogue').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  });

  it('calls, shows the prompts as captions, presses keys and hangs up', async () => {
    await dial('0611');
    const call = page.getByRole('dialog');
    await call.getByText('For your points, press 1.').waitFor();
    await call.getByRole('button', { name: '1', exact: true }).click();
    await call.getByText('five hundred points').waitFor();
    await call.getByRole('button', { name: 'Hang up' }).click();
    await call.getByText('Call ended').waitFor();
  });

  it('meets the offer on the way to a shop, accepts it and arrives, without running a script of the page', async () => {
    await tab('Web');
    await page.getByRole('button', { name: 'books.example' }).click();
    const site = page.frameLocator('#web-page');
    await page.getByText('Redirected to the offer by the DPI').waitFor();
    await site.getByRole('button', { name: 'Yes, please' }).click();
    await site.getByRole('link', { name: 'Basket' }).waitFor();
    await page.getByText('Passed by the DPI').or(page.getByText('Answered: on to the shop')).waitFor();
    expect(await page.getByLabel('Address').inputValue()).to.equal('http://books.example/');
    expect(
      demo!.heard.some((line) => line.includes('POST http://127.0.0.1:8080/offer/answer?a=1&b=2 answer=yes')),
    ).to.equal(true);
  });

  it('pays, moves the clock, breaks and mends', async () => {
    await page.getByRole('button', { name: 'Top up' }).click();
    await page.getByText('5 points for 500.00').first().waitFor();
    await page.getByRole('button', { name: '90 days later' }).click();
    await page.getByText('The gateway now lives on 2 January 2030.').waitFor();
    await page.locator('#faults summary').click();
    await page.getByRole('switch').check();
    await page.getByText('1 on').waitFor();
    expect(demo!.faults.silent).to.equal(true);
    await page.getByRole('switch').uncheck();
    await page.getByText('1 on').waitFor({ state: 'detached' });
  });

  it('leads through the tour: each step is shown in the right app', async () => {
    await page.getByRole('button', { name: 'Show me' }).first().click();
    expect(await page.getByLabel('Message', { exact: true }).inputValue()).to.equal('BALANCE');
    await page.getByText('Order something from the menu').click();
    await page.locator('#story li').nth(3).getByRole('button', { name: 'Show me' }).click();
    expect(await page.getByLabel('Number or code to dial').inputValue()).to.equal('*100#');
  });

  it('fits a small screen and works in the dark', async () => {
    await page.setViewportSize({ width: 360, height: 700 });
    await page.emulateMedia({ colorScheme: 'dark' });
    const wide = await page.evaluate('document.documentElement.scrollWidth');
    expect(wide).to.equal(360);
    const background = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(background).to.equal('rgb(14, 19, 17)');
  });
});
