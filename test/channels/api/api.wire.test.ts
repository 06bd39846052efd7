import { expect } from 'chai';
import { earningApi } from '../../support/earning-api.ts';
import { startTestHttp, type TestHttp } from '../../support/http.ts';
import type { BusinessEvent } from '../../../src/channels/api/events.ts';
import type { Adjustment } from '../../../src/channels/api/ledger.ts';
import { SCOPES, type Route } from '../../../src/channels/api/route.ts';
import { apiRoutes } from '../../../src/channels/api/routes.ts';
import { Fault, IntakeFull, Refusal } from '../../../src/errors.ts';
import { manualClock } from '../../../src/runtime/clock.ts';
import type { Subscribers } from '../../../src/subscribers/subscribers.ts';
import { instant } from '../../../src/values/instant.ts';
import { noAwards, noBrakes, noClearing, noPartners } from '../../support/partners.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { freshMsisdn, subscribersOf } from '../../support/subscribers.ts';
import { catalogueDouble } from '../../support/catalogue.ts';

/** The path of a route's example. */
const pathOf = ({ path, example }: Route): string =>
  path.replace(/:(\w+)/g, (_whole, name: string) => example?.params?.[name] ?? '79160000001');

const PLAN = { countryCode: '7', trunkPrefix: '8', nationalLength: 10 };

describe('HTTP API', () => {
  const clock = manualClock();
  let database: TestDatabase;
  let subscribers: Subscribers;
  let routes: Route[];
  let http: TestHttp;
  let events: { actor: string; event: BusinessEvent }[] = [];
  let adjustments: Adjustment[] = [];
  let trouble: Error | undefined;
  let serial = 0;

  before(async () => {
    database = await createTestDatabase();
    subscribers = subscribersOf(database.pool, clock);
    routes = apiRoutes({
      ...earningApi,
      clock,
      subscribers,
      numberPlan: PLAN,
      recordEvents: (actor, reported) => {
        if (trouble !== undefined) return Promise.reject(trouble);
        events.push(...reported.map((event) => ({ actor: actor.name, event })));
        return Promise.resolve(
          reported.map(({ id, type }) =>
            type === 'unknown'
              ? { id, kind: 'refused', code: 'subscriber_unknown' }
              : { id, kind: 'recorded', points: 9_007_199_254_740_993n },
          ),
        );
      },
      partners: noPartners,
      clearing: noClearing,
      awards: noAwards,
      brakes: noBrakes,
      reports: {
        programme: ({ from, to }) =>
          Promise.resolve([
            {
              month: from ?? to ?? '2026-01',
              issuer: 7,
              issued: 9_007_199_254_740_993n,
              redeemed: 1n,
              expired: 2n,
              reversed: 3n,
              restored: 4n,
              outstanding: 5n,
            },
          ]),
      },
      ...catalogueDouble(),
      ledger: {
        balance: () =>
          Promise.resolve({
            available: 9_007_199_254_740_993n,
            held: 1n,
            pending: 0n,
            debt: 0n,
            expiring: [{ points: 5n, at: instant(0) }],
          }),
        history: (_id, { limit, after }) =>
          Promise.resolve({
            entries: [{ at: instant(1), kind: 'spend', points: -BigInt(limit) }],
            next: after === undefined ? 'cursor' : undefined,
          }),
        extendExpiry: () => Promise.resolve({ points: 5n, replayed: false }),
        adjust: (_actor, adjustment) => {
          if (trouble !== undefined) return Promise.reject(trouble);
          adjustments.push(adjustment);
          return Promise.resolve({ available: 150n, replayed: false });
        },
      },
    });
    http = await startTestHttp({ routes, clock });
  });
  after(async () => {
    await http.server.close();
    await database.drop();
  });
  beforeEach(() => {
    events = [];
    adjustments = [];
    trouble = undefined;
    clock.advance(1_000);
  });

  const key = (name = `key-${++serial}`) => ({ headers: { 'idempotency-key': name } });
  const register = async (msisdn: string = freshMsisdn()): Promise<string> => {
    const body = { msisdn, language: 'ru', zone: 'Europe/Moscow' };
    const answer = await http.call('POST', '/v1/subscribers', { body, ...key() });
    expect(answer.status, answer.text).to.equal(200);
    return msisdn;
  };
  const purchase = (over: object = {}) => ({
    id: `order-${++serial}`,
    type: 'purchase',
    msisdn: '+7 (916) 000-00-01',
    amount: { minor: '12550', currency: 'RUB' },
    occurredAt: '2026-01-31T12:00:00+03:00',
    ...over,
  });

  describe('scope matrix', () => {
    it('covers every route: none without a token, none with the scopes of the others', async () => {
      expect(routes.length).to.be.greaterThan(12);
      for (const route of routes) {
        const path = pathOf(route);
        const where = `${route.method} ${route.path}`;
        const none = await http.call(route.method, path, { token: null, ...key() });
        expect([none.status, none.json.code], where).to.deep.equal([401, 'unauthenticated']);
        expect(none.headers.get('www-authenticate')).to.match(/^Bearer/);
        const invented = await http.call(route.method, path, { token: 'invented', ...key() });
        expect(invented.status, where).to.equal(401);
        for (const scope of SCOPES.filter((one) => one !== route.scope)) {
          const answer = await http.call(route.method, path, { token: scope.replace(':', '-'), ...key() });
          expect([answer.status, answer.json.code], `${where} with ${scope}`).to.deep.equal([
            403,
            'scope_missing',
          ]);
        }
        const right = await http.call(route.method, path, { token: route.scope.replace(':', '-'), ...key() });
        expect(right.status, where).to.not.be.oneOf([401, 403]);
      }
    });

    it('needs an idempotency key wherever something could be done twice', async () => {
      for (const route of routes.filter(({ method }) => method !== 'GET')) {
        const answer = await http.call(route.method, pathOf(route), { body: route.example?.body });
        const naturally =
          /events|parameters|earning|clearing|cancellations/.test(route.path) ||
          ['PUT', 'DELETE'].includes(route.method);
        if (naturally) expect(answer.json.code).to.not.equal('idempotency_key_missing');
        else expect([answer.status, answer.json.code]).to.deep.equal([400, 'idempotency_key_missing']);
      }
    });
  });

  describe('reports', () => {
    it('show the programme by month in decimal strings', async () => {
      const answer = await http.call('GET', '/v1/reports/programme?from=2026-03&to=2026-04');
      expect(answer.json).to.deep.equal({
        lines: [
          {
            month: '2026-03',
            issuer: 7,
            issued: '9007199254740993',
            redeemed: '1',
            expired: '2',
            reversed: '3',
            restored: '4',
            outstanding: '5',
          },
        ],
      });
    });

    it('take months, nothing else', async () => {
      for (const query of ['from=2026-13', 'to=2026', 'from=2026-01-01', 'month=2026-01']) {
        expect((await http.call('GET', `/v1/reports/programme?${query}`)).status, query).to.equal(400);
      }
    });
  });

  describe('subscribers', () => {
    it('registers, shows, changes and ends one by number', async () => {
      const msisdn = await register();
      const shown = await http.call('GET', `/v1/subscribers/+${msisdn}`);
      expect(shown.json).to.include({
        msisdn,
        language: 'ru',
        zone: 'Europe/Moscow',
        status: 'active',
        pinSet: false,
      });
      expect(shown.json.id).to.match(/^\d+$/);
      expect(shown.headers.get('cache-control')).to.equal('no-store');

      await http.call('PATCH', `/v1/subscribers/${msisdn}`, { body: { language: 'en' }, ...key() });
      await http.call('POST', `/v1/subscribers/${msisdn}/suspend`, key());
      const later = await http.call('GET', `/v1/subscribers/${msisdn}`);
      expect(later.json).to.include({ language: 'en', status: 'suspended', id: shown.json.id });

      await http.call('POST', `/v1/subscribers/${msisdn}/resume`, key());
      const ended = await http.call('POST', `/v1/subscribers/${msisdn}/terminate`, key());
      expect(ended.json).to.deep.equal({ subscriberId: shown.json.id, replayed: false });
      const gone = await http.call('GET', `/v1/subscribers/${msisdn}`);
      expect([gone.status, gone.json.code]).to.deep.equal([404, 'subscriber_unknown']);
    });

    it('reads the national form of a number', async () => {
      const msisdn = await register();
      const shown = await http.call('GET', `/v1/subscribers/8${msisdn.slice(1)}`);
      expect(shown.json.msisdn).to.equal(msisdn);
    });

    it('answers a repeated key with the first outcome, and refuses it for another request', async () => {
      const body = { msisdn: freshMsisdn(), language: 'ru', zone: 'UTC' };
      const first = await http.call('POST', '/v1/subscribers', { body, ...key('same') });
      const again = await http.call('POST', '/v1/subscribers', { body, ...key('same') });
      expect(again.json).to.deep.equal({ ...first.json, replayed: true });
      const other = await http.call('POST', '/v1/subscribers', {
        body: { ...body, language: 'en' },
        ...key('same'),
      });
      expect([other.status, other.json.code]).to.deep.equal([422, 'idempotency_mismatch']);
      const foreign = await http.call('POST', '/v1/subscribers', {
        body: { ...body, msisdn: freshMsisdn() },
        token: 'subscribers-write',
        ...key('same'),
      });
      expect(foreign.status, 'the same key of another token is another key').to.equal(200);
    });

    it('changes number and owner', async () => {
      const msisdn = await register();
      const to = freshMsisdn();
      const before = await http.call('GET', `/v1/subscribers/${msisdn}`);
      await http.call('POST', `/v1/subscribers/${msisdn}/change-number`, { body: { to }, ...key() });
      const moved = await http.call('GET', `/v1/subscribers/${to}`);
      expect(moved.json.id).to.equal(before.json.id);
      const heir = await http.call('POST', `/v1/subscribers/${to}/change-owner`, {
        body: { language: 'en' },
        ...key(),
      });
      expect(heir.json.subscriberId).to.not.equal(before.json.id);
      const taken = await http.call('POST', '/v1/subscribers', {
        body: { msisdn: to, language: 'en', zone: 'UTC' },
        ...key(),
      });
      expect([taken.status, taken.json.code]).to.deep.equal([409, 'number_in_use']);
      expect((await http.call('POST', `/v1/subscribers/${to}/port-out`, key())).status).to.equal(200);
    });

    it('sets a PIN and refuses one that is easy to guess, without logging either', async () => {
      const msisdn = await register();
      const weak = await http.call('PUT', `/v1/subscribers/${msisdn}/pin`, { body: { pin: '1234' } });
      expect([weak.status, weak.json.code]).to.deep.equal([422, 'pin_weak']);
      const set = await http.call('PUT', `/v1/subscribers/${msisdn}/pin`, { body: { pin: '25803691' } });
      expect(set.json).to.deep.equal({ pinSet: true });
      const id = (await http.call('GET', `/v1/subscribers/${msisdn}`)).json.id as string;
      expect(await subscribers.verifyPin(BigInt(id), '25803691')).to.equal('ok');
      // Eight digits: four of them stand in some trace id by chance.
      const log = JSON.stringify(http.logged);
      expect(log)
        .to.include('/v1/subscribers/:msisdn/pin')
        .and.not.include('25803691')
        .and.not.include(msisdn);
    });

    it('tells which field is wrong and shows a body that works', async () => {
      const answer = await http.call('POST', '/v1/subscribers', {
        body: { msisdn: 'mother', language: 'de', zone: 'Moscow', admin: true },
        ...key(),
      });
      expect(answer.status).to.equal(400);
      const paths = (answer.json.errors as { path: string }[]).map((error) => error.path);
      expect(paths).to.include.members(['body.msisdn', 'body.language', 'body.zone']);
      expect(answer.text).to.include('79160000001');
      const extra = { ...(answer.json.example as object), admin: true };
      const refused = await http.call('POST', '/v1/subscribers', { body: extra, ...key() });
      expect(refused.status, 'unknown properties').to.equal(400);
      expect(answer.json.example).to.deep.equal({
        msisdn: '79160000001',
        language: 'ru',
        zone: 'Europe/Moscow',
      });
    });
  });

  describe('events', () => {
    it('are handed over parsed, with exact points in the answer', async () => {
      const body = purchase({ amount: { minor: 12550, currency: 'RUB' }, partner: 'shop-1' });
      const answer = await http.call('POST', '/v1/events', { body, token: 'events-write' });
      expect(answer.json).to.deep.equal({ id: body.id, status: 'recorded', points: '9007199254740993' });
      expect(events).to.deep.equal([
        {
          actor: 'events-write',
          event: {
            id: body.id,
            type: 'purchase',
            msisdn: '79160000001',
            amount: { minor: 12550n, currency: 'RUB' },
            occurredAt: instant(Date.UTC(2026, 0, 31, 9)),
            partner: 'shop-1',
          },
        },
      ]);
    });

    it('are refused one by one in a batch, in the order they were sent', async () => {
      const batch = [purchase(), purchase({ msisdn: 'nobody' }), purchase({ type: 'unknown' }), purchase()];
      const answer = await http.call('POST', '/v1/events/batch', { body: { events: batch } });
      expect(answer.status).to.equal(200);
      const results = answer.json.results as { id: string; status: string; code?: string }[];
      expect(results.map(({ id }) => id)).to.deep.equal(batch.map(({ id }) => id));
      expect(results.map(({ status, code }) => code ?? status)).to.deep.equal([
        'recorded',
        'msisdn_invalid',
        'subscriber_unknown',
        'recorded',
      ]);
    });

    it('become a 4xx when alone and refused', async () => {
      const invalid = await http.call('POST', '/v1/events', { body: purchase({ msisdn: 'nobody' }) });
      expect([invalid.status, invalid.json.code]).to.deep.equal([422, 'msisdn_invalid']);
      const unknown = await http.call('POST', '/v1/events', { body: purchase({ type: 'unknown' }) });
      expect([unknown.status, unknown.json.code]).to.deep.equal([404, 'subscriber_unknown']);
    });

    it('are taken 500 at a time and no more', async () => {
      const many = (count: number) => ({ events: Array.from({ length: count }, () => purchase()) });
      expect((await http.call('POST', '/v1/events/batch', { body: many(500) })).status).to.equal(200);
      expect((await http.call('POST', '/v1/events/batch', { body: many(501) })).status).to.equal(400);
      expect((await http.call('POST', '/v1/events/batch', { body: many(0) })).status).to.equal(400);
    });

    for (const [what, over] of [
      ['a fraction', { amount: { minor: 125.5, currency: 'RUB' } }],
      ['a negative amount', { amount: { minor: '-5', currency: 'RUB' } }],
      ['an integer that JSON cannot hold', { amount: { minor: 2 ** 53, currency: 'RUB' } }],
      ['a currency in lower case', { amount: { minor: 1, currency: 'rub' } }],
      ['a local time', { occurredAt: '2026-01-31T12:00:00' }],
      ['an id with a space', { id: 'order 1' }],
    ] as const) {
      it(`are refused with ${what}`, async () => {
        const answer = await http.call('POST', '/v1/events', { body: purchase(over) });
        expect(answer.status, answer.text).to.equal(400);
        expect(events).to.deep.equal([]);
      });
    }

    it('ask to be repeated when their fate is unknown or too much is waiting', async () => {
      for (const [error, code] of [
        [new Fault('database is down'), 'unavailable'],
        [new IntakeFull(), 'intake_full'],
        [new TypeError('a bug'), 'unavailable'],
      ] as const) {
        trouble = error;
        const answer = await http.call('POST', '/v1/events', { body: purchase() });
        expect([answer.status, answer.json.code]).to.deep.equal([503, code]);
        expect(answer.headers.get('retry-after')).to.equal('2');
        expect(answer.text).to.not.include('a bug').and.not.include('database');
      }
    });
  });

  describe('ledger', () => {
    it('shows balance and history in decimal strings', async () => {
      const msisdn = await register();
      const balance = await http.call('GET', `/v1/subscribers/${msisdn}/balance`);
      expect(balance.json).to.deep.equal({
        available: '9007199254740993',
        held: '1',
        pending: '0',
        debt: '0',
        expiring: [{ points: '5', at: '1970-01-01T00:00:00.000Z' }],
      });
      const first = await http.call('GET', `/v1/subscribers/${msisdn}/history`);
      expect(first.json).to.deep.equal({
        entries: [{ at: '1970-01-01T00:00:00.001Z', kind: 'spend', points: '-20' }],
        next: 'cursor',
      });
      const last = await http.call('GET', `/v1/subscribers/${msisdn}/history?limit=5&after=cursor`);
      expect(last.json).to.not.have.property('next');
      for (const query of ['limit=0', 'limit=101', 'limit=x', 'depth=1']) {
        expect((await http.call('GET', `/v1/subscribers/${msisdn}/history?${query}`)).status, query).to.equal(
          400,
        );
      }
    });

    it('adjusts with a reason, and hands the key over', async () => {
      const msisdn = await register();
      const path = `/v1/subscribers/${msisdn}/adjust`;
      const body = { points: '-9007199254740', reason: 'goodwill' };
      const answer = await http.call('POST', path, { body, ...key('adjust-1') });
      expect(answer.json).to.deep.equal({ available: '150', replayed: false });
      expect(adjustments.map(({ subscriberId: _, ...rest }) => rest)).to.deep.equal([
        { idempotencyKey: 'adjust-1', points: -9_007_199_254_740n, reason: 'goodwill', comment: '' },
      ]);
      const bare = await http.call('POST', path, { body: { points: '5' }, ...key() });
      expect([bare.status, bare.json.code]).to.deep.equal([422, 'reason_required']);
      for (const points of ['0', '1.5', '1e3', 5, '9999999999999999']) {
        const refused = await http.call('POST', path, { body: { points, reason: 'goodwill' }, ...key() });
        expect(refused.status, String(points)).to.equal(400);
      }
    });

    it('tells the facts of a refusal', async () => {
      const msisdn = await register();
      trouble = new Refusal('points_insufficient', { available: 350n });
      const body = { points: '-500', reason: 'correction' };
      const answer = await http.call('POST', `/v1/subscribers/${msisdn}/adjust`, { body, ...key() });
      expect(answer.status).to.equal(409);
      expect(answer.json).to.deep.include({ code: 'points_insufficient', context: { available: '350' } });
    });
  });
});
