import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { PartnerRoute } from '../../src/channels/api/route.ts';
import { partnerOperationRoutes } from '../../src/channels/api/partner-operations.ts';
import { partnerStatementRoutes } from '../../src/channels/api/partner-statements.ts';
import { createClearing, type Clearing } from '../../src/clearing/clearing.ts';
import { hashOfBody, parseSignature, signedText } from '../../protocols/http/partner-signature.ts';
import { findWallet } from '../../src/ledger/store.ts';
import { walletOf } from '../../src/ledger/keys.ts';
import { manualClock } from '../../src/runtime/clock.ts';
import { DAY_MS, instant } from '../../src/values/instant.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { startTestHttp, type TestAnswer, type TestHttp } from '../support/http.ts';
import { openTestLedger, openWallets, type TestLedger } from '../support/ledger.ts';
import { openTestProgramme, signed, staff, termsOf, type TestProgramme } from '../support/programme.ts';

interface Key {
  readonly id: string;
  readonly secret: string;
}

describe('the partner API', () => {
  const clock = manualClock(Date.now());
  let database: TestDatabase;
  let ledger: TestLedger;
  let programme: TestProgramme;
  let routes: PartnerRoute[];
  let clearing: Clearing;
  let http: TestHttp;
  let books: Key;
  let coffee: Key;
  let serial = 0;

  before(async () => {
    database = await createTestDatabase();
    ledger = await openTestLedger(database);
    await openWallets(ledger.pool, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    programme = openTestProgramme(ledger, clock);
    clearing = createClearing({
      ...{ pool: database.pool, withPatience: (work) => work(database.pool), published: programme.published },
      ...{ clock: manualClock(clock.now() + 40 * DAY_MS), zone: () => 'UTC', toleranceMinor: () => 0n },
    });
    routes = [
      ...partnerOperationRoutes({ partnerApi: programme.api }),
      ...partnerStatementRoutes({ clearing }),
    ];
    http = await startTestHttp({ routes, clock, authenticatePartner: programme.authenticate });
    books = await newPartner('books');
    coffee = await newPartner('coffee');
  });
  after(async () => {
    await http.server.close();
    await ledger.close(5_000);
    await database.drop();
  });

  const newPartner = async (code: string, changes: Parameters<typeof termsOf>[0] = {}): Promise<Key> => {
    await programme.admin.save({ code, name: code, blocked: false });
    await programme.admin.publish(staff(), code, 'one', termsOf(changes));
    const { id, secret } = await programme.admin.makeKey(staff(), code, 'a');
    return { id, secret: secret! };
  };
  const now = () => Math.floor(clock.now() / 1000);
  const call = (key: Key, method: string, path: string, body?: object): Promise<TestAnswer> => {
    const raw = body === undefined ? undefined : JSON.stringify(body);
    const authorization = signed(
      key,
      { method, path, ...(raw !== undefined && { body: raw }) },
      { time: now() },
    );
    return send(method, path, authorization, raw);
  };
  const send = (method: string, path: string, authorization: string, raw?: string): Promise<TestAnswer> =>
    http.call(method, path, {
      token: null,
      headers: { authorization },
      ...(raw !== undefined && { raw }),
    });
  const id = (): string => `n-${++serial}`;
  const msisdn = (member: number): string => `7916${String(member).padStart(7, '0')}`;
  const purchase = (member: number, minor: string, over: object = {}) => ({
    id: id(),
    msisdn: msisdn(member),
    amount: { minor, currency: 'RUB' },
    occurredAt: new Date(clock.now()).toISOString(),
    ...over,
  });
  const balance = async (member: number): Promise<bigint> =>
    (await findWallet(ledger.pool, walletOf(member)))!.balance;
  const codeOf = ({ status, json }: TestAnswer) => [status, json.code];

  describe('signatures', () => {
    it('fit the test vector of docs/programme/partners.md', async () => {
      const key = { id: 'books.2026-a', secret: 'bgp_example-secret' };
      const body = '{"points":"250"}';
      const request = { method: 'POST', path: '/partner/v1/holds/order-815/capture', body };
      const header = signed(key, request, { time: 1_769_850_000, nonce: 'c0ffee00c0ffee00' });
      const page = await readFile('docs/programme/partners.md', 'utf8');
      const shown = /^Authorization: (.+)$/m.exec(page)?.[1];
      expect(header).to.equal(shown);
      const parsed = parseSignature(shown)!;
      const text = signedText(request.method, request.path, parsed);
      expect(page).to.include(text);
      expect(parsed.bodyHash).to.equal(hashOfBody(Buffer.from(body)));
    });

    it('open the door, also with a query in the path', async () => {
      const answer = await call(books, 'GET', '/partner/v1/prepaid?till=7');
      expect(answer.json, answer.text).to.deep.equal({ points: '0' });
    });

    it('are refused when anything that was signed is another, and nothing is done', async () => {
      const before = await balance(1);
      const path = '/partner/v1/purchases';
      const raw = JSON.stringify(purchase(1, '10000'));
      const other = JSON.stringify(purchase(1, '99900'));
      const header = () => signed(books, { method: 'POST', path, body: raw }, { time: now() });
      const answers = [
        await send('POST', path, header(), other),
        await send('POST', `${path}?a=1`, header(), raw),
        await send('POST', path, header().replace(books.id, coffee.id), raw),
        await send('POST', path, header().replace(/time="\d+"/, `time="${String(now() + 1)}"`), raw),
        await send('POST', path, header().replace(/nonce="./, 'nonce="Z'), raw),
        await send('POST', path, header().replace(/signature="../, 'signature="00'), raw),
        await send('POST', path, header().replace(/body=".../, 'body="000'), raw),
        await send('GET', '/partner/v1/prepaid', header()),
        await send('POST', path, 'Bearer all', raw),
      ];
      expect(answers.map(codeOf)).to.deep.equal([
        [401, 'signature_body'],
        ...Array.from({ length: 7 }, () => [401, 'signature_signature']),
        [401, 'signature_header'],
      ]);
      expect(await balance(1)).to.equal(before);
      const lines = http.logged.filter(({ msg }) => msg === 'signed request refused');
      expect(lines.length).to.be.greaterThanOrEqual(answers.length);
      expect(JSON.stringify(lines)).to.include(books.id).and.not.include(books.secret);
    });

    it('are refused five minutes and more away from our time, either way', async () => {
      const at = (time: number) =>
        send(
          'GET',
          '/partner/v1/prepaid',
          signed(books, { method: 'GET', path: '/partner/v1/prepaid' }, { time }),
        );
      expect(codeOf(await at(now() - 301))).to.deep.equal([401, 'signature_stale']);
      expect(codeOf(await at(now() + 302))).to.deep.equal([401, 'signature_stale']);
      expect((await at(now() - 299)).status).to.equal(200);
      expect((await at(now() + 299)).status).to.equal(200);
    });

    it('are used once: a nonce seen before is refused for as long as its time is believed', async () => {
      const path = '/partner/v1/prepaid';
      const header = signed(books, { method: 'GET', path }, { time: now() + 299 });
      expect((await send('GET', path, header)).status).to.equal(200);
      expect(codeOf(await send('GET', path, header))).to.deep.equal([401, 'signature_replayed']);
      clock.advance(598_000);
      expect(codeOf(await send('GET', path, header))).to.deep.equal([401, 'signature_replayed']);
    });

    it('need an active key of a partner that is not blocked', async () => {
      const shop = await newPartner('closing');
      expect((await call(shop, 'GET', '/partner/v1/prepaid')).status).to.equal(200);
      await programme.admin.save({ code: 'closing', name: 'closing', blocked: true });
      expect(codeOf(await call(shop, 'GET', '/partner/v1/prepaid'))).to.deep.equal([403, 'partner_blocked']);
      await programme.admin.revokeKey('closing', 'a');
      expect(codeOf(await call(shop, 'GET', '/partner/v1/prepaid'))).to.deep.equal([401, 'signature_key']);
    });
  });

  describe('earning', () => {
    it('gives points of the partner once for each receipt', async () => {
      const body = purchase(2, '12550');
      const first = await call(books, 'POST', '/partner/v1/purchases', body);
      expect(first.json, first.text).to.deep.equal({ id: body.id, points: '125', replayed: false });
      const again = await call(books, 'POST', '/partner/v1/purchases', body);
      expect(again.json).to.deep.equal({ id: body.id, points: '125', replayed: true });
      const other = await call(books, 'POST', '/partner/v1/purchases', {
        ...body,
        amount: { minor: '1', currency: 'RUB' },
      });
      expect(codeOf(other)).to.deep.equal([422, 'idempotency_mismatch']);
      expect((await call(coffee, 'POST', '/partner/v1/purchases', body)).json.replayed).to.equal(false);
      const lots = (await findWallet(ledger.pool, walletOf(2)))!.lots;
      const issuers = lots.map(({ classId }) => ledger.classes.get(classId));
      expect(issuers.map(({ costNum, costDen }) => [costNum, costDen])).to.deep.equal([
        [12n, 1n],
        [12n, 1n],
      ]);
      expect(new Set(issuers.map(({ issuer }) => issuer)).size).to.equal(2);
    });

    it('takes back what the rest of the purchase does not earn; spent points become debt', async () => {
      const body = purchase(3, '1050');
      await call(books, 'POST', '/partner/v1/purchases', body);
      expect(await balance(3)).to.equal(10n);
      const refund = (minor: string) =>
        call(books, 'POST', `/partner/v1/purchases/${body.id}/refunds`, { id: id(), minor });
      expect((await refund('60')).json.points).to.equal('1');
      expect((await refund('90')).json.points).to.equal('0');
      await call(books, 'POST', '/partner/v1/holds', { id: 'spend-3', msisdn: msisdn(3), points: '9' });
      await call(books, 'POST', '/partner/v1/holds/spend-3/capture', { points: '9' });
      expect((await refund('900')).json.points).to.equal('9');
      const wallet = (await findWallet(ledger.pool, walletOf(3)))!;
      expect([wallet.balance, wallet.debt]).to.deep.equal([0n, 9n]);
      expect(codeOf(await refund('1'))).to.deep.equal([409, 'reversal_exceeds_original']);
    });

    it('refuses what is too old, in another currency, of nobody, or without an agreement', async () => {
      const tell = async (over: object, key = books) =>
        codeOf(await call(key, 'POST', '/partner/v1/purchases', purchase(2, '500', over)));
      const old = new Date(clock.now() - 31 * 86_400_000).toISOString();
      expect(await tell({ occurredAt: old })).to.deep.equal([422, 'event_backdated']);
      const ahead = new Date(clock.now() + 400_000).toISOString();
      expect(await tell({ occurredAt: ahead })).to.deep.equal([422, 'event_backdated']);
      expect(await tell({ amount: { minor: '1', currency: 'EUR' } })).to.deep.equal([
        422,
        'currency_unsupported',
      ]);
      expect(await tell({ msisdn: '79169999999' })).to.deep.equal([404, 'subscriber_unknown']);
      const lapsed = await newPartner('lapsed', { validTo: instant(Date.UTC(2021, 0, 1)) });
      expect(await tell({}, lapsed)).to.deep.equal([409, 'agreement_missing']);
    });

    it('stops when the prepaid points are used up, to the last one', async () => {
      const shop = await newPartner('prepaid', { model: 'prepaid_points' });
      await programme.admin.topUp(staff(), 'prepaid', { idempotencyKey: 'x', points: 100n, reason: 'one' });
      const buy = (points: number) =>
        call(shop, 'POST', '/partner/v1/purchases', purchase(4, `${String(points)}00`));
      const all = await Promise.all(Array.from({ length: 12 }, () => buy(9)));
      expect(all.filter(({ status }) => status === 200)).to.have.length(11);
      expect(all.filter(({ json }) => json.code === 'partner_prepaid_exhausted')).to.have.length(1);
      expect((await call(shop, 'GET', '/partner/v1/prepaid')).json).to.deep.equal({ points: '1' });
      expect((await buy(1)).status).to.equal(200);
      expect(codeOf(await buy(1))).to.deep.equal([409, 'partner_prepaid_exhausted']);
      expect(await balance(4)).to.equal(100n);
    });

    it('gives rights to issue back for refunded points, and keeps to the cap of a postpaid agreement', async () => {
      const shop = await newPartner('capped', { cap: 10n });
      const body = purchase(5, '1000');
      expect((await call(shop, 'POST', '/partner/v1/purchases', body)).status).to.equal(200);
      const more = () => call(shop, 'POST', '/partner/v1/purchases', purchase(5, '400'));
      expect(codeOf(await more())).to.deep.equal([409, 'limit_exceeded']);
      await call(shop, 'POST', `/partner/v1/purchases/${body.id}/refunds`, { id: id(), minor: '400' });
      expect((await more()).status).to.equal(200);
    });
  });

  describe('spending', () => {
    const hold = async (member: number, points: string, over: object = {}) => {
      const body = { id: id(), msisdn: msisdn(member), points, ...over };
      return { id: body.id, answer: await call(coffee, 'POST', '/partner/v1/holds', body) };
    };
    before(async () => {
      for (const member of [6, 7, 8]) {
        await call(books, 'POST', '/partner/v1/purchases', purchase(member, '50000'));
      }
    });

    it('holds, captures a part, and returns the rest', async () => {
      const { id: order, answer } = await hold(6, '300');
      expect(answer.json, answer.text).to.include({ points: '300', replayed: false });
      const captured = await call(coffee, 'POST', `/partner/v1/holds/${order}/capture`, { points: '250' });
      expect(captured.json).to.deep.equal({ id: order, captured: '250', released: '50', replayed: false });
      const again = await call(coffee, 'POST', `/partner/v1/holds/${order}/capture`, { points: '250' });
      expect(again.json.replayed).to.equal(true);
      const voided = await call(coffee, 'POST', `/partner/v1/holds/${order}/void`);
      expect(codeOf(voided)).to.deep.equal([409, 'hold_not_active']);
      expect(await balance(6)).to.equal(250n);
    });

    it('voids, and tells a partner that points do not suffice but not how many there are', async () => {
      const { id: order } = await hold(7, '500');
      const refused = (await hold(7, '1')).answer;
      expect(codeOf(refused)).to.deep.equal([409, 'points_insufficient']);
      expect(refused.json.context).to.deep.equal({ wanted: '1' });
      const voided = await call(coffee, 'POST', `/partner/v1/holds/${order}/void`);
      expect(voided.json).to.deep.equal({ id: order, captured: '0', released: '500', replayed: false });
    });

    it('refunds up to what was captured, each refund once', async () => {
      const { id: order } = await hold(8, '100');
      const refund = (name: string, points: string) =>
        call(coffee, 'POST', `/partner/v1/holds/${order}/refunds`, { id: name, points, fault: 'customer' });
      expect(codeOf(await refund(id(), '1'))).to.deep.equal([409, 'hold_not_active']);
      await call(coffee, 'POST', `/partner/v1/holds/${order}/capture`, { points: '100' });
      const name = id();
      expect((await refund(name, '60')).json).to.include({ points: '60', lapsed: '0', replayed: false });
      expect((await refund(name, '60')).json).to.include({ points: '60', replayed: true });
      expect(codeOf(await refund(id(), '41'))).to.deep.equal([409, 'reversal_exceeds_original']);
      expect((await refund(id(), '40')).status).to.equal(200);
      expect(await balance(8)).to.equal(500n);
    });

    it('books the points to the partner who accepted them', async () => {
      const { id: partner } = (await programme.published.current()).getPartner('coffee');
      const rows = await ledger.pool.query<{ sum: bigint }>(
        'select sum(delta)::bigint as sum from system_posting where account = $1',
        [-2 - 16 * partner],
      );
      expect(rows[0]!.sum).to.equal(250n);
    });
  });

  describe('another partner', () => {
    it('gets nothing of ours by any route', async () => {
      const bought = purchase(9, '50000');
      await call(books, 'POST', '/partner/v1/purchases', bought);
      const held = id();
      await call(books, 'POST', '/partner/v1/holds', { id: held, msisdn: msisdn(9), points: '100' });
      const before = await balance(9);
      const withId = routes.filter(({ path }) => path.includes('/:id'));
      expect(withId.length).to.be.greaterThanOrEqual(5);
      for (const route of withId) {
        const own = route.path.includes('holds') ? held : bought.id;
        const path = route.path.replace(/:\w+/, own);
        const body = route.example?.body as object | undefined;
        const foreign = await call(coffee, route.method, path, body);
        expect(codeOf(foreign), `${route.method} ${route.path}`).to.deep.equal([
          404,
          'partner_operation_unknown',
        ]);
      }
      expect(await balance(9)).to.equal(before);
      const mine = await call(books, 'POST', `/partner/v1/holds/${held}/void`);
      expect(mine.json.released).to.equal('100');
    });

    it('sees and settles no statement of ours by any route', async () => {
      const period = new Date(clock.now()).toISOString().slice(0, 7);
      await clearing.close(period, 'test');
      const tea = await newPartner('tea');
      const withPeriod = routes.filter(({ path }) => path.includes('/:period'));
      expect(withPeriod.length).to.be.greaterThanOrEqual(3);
      for (const { method, path, example } of withPeriod) {
        const body = example?.body as object | undefined;
        const foreign = await call(tea, method, path.replace(':period', period), body);
        expect(codeOf(foreign), `${method} ${path}`).to.deep.equal([404, 'statement_unknown']);
      }
      expect((await call(tea, 'GET', '/partner/v1/statements')).json).to.deep.equal({ statements: [] });
      const ours = await call(books, 'GET', `/partner/v1/statements/${period}`);
      expect(ours.json, ours.text).to.include({ partner: 'books', state: 'closed' });
      const lines = await call(books, 'GET', `/partner/v1/statements/${period}/lines?limit=1`);
      expect(lines.json.lines).to.have.length(1);
      expect(lines.json.next).to.equal(1);
      const answer = { netMinor: ours.json.netMinor as string, reason: 'agreed' };
      const answered = await call(books, 'POST', `/partner/v1/statements/${period}/answer`, answer);
      expect(answered.json, answered.text).to.include({ state: 'confirmed', saidMinor: answer.netMinor });
    });
  });

  it('signs the path and query as they were sent', () => {
    const text = signedText('GET', '/partner/v1/purchases/a%20b?x=1&y=', {
      keyId: 'k',
      time: 1,
      nonce: 'n',
      bodyHash: 'h',
    });
    expect(text).to.equal('BG1-HMAC-SHA256\nGET\n/partner/v1/purchases/a%20b?x=1&y=\nh\n1\nn\nk');
  });
});
