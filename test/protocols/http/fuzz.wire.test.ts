import { expect } from 'chai';
import type { BusinessEvent } from '../../../src/channels/api/events.ts';
import { apiRoutes } from '../../../src/channels/api/routes.ts';
import type { Page } from '../../../src/channels/pages/page.ts';
import { Refusal } from '../../../src/errors.ts';
import { manualClock } from '../../../src/runtime/clock.ts';
import type { Subscribers } from '../../../src/subscribers/subscribers.ts';
import { earningApi } from '../../support/earning-api.ts';
import { startTestHttp, type TestHttp } from '../../support/http.ts';
import { noAwards, noBrakes, noClearing, noPartners } from '../../support/partners.ts';
import { Pipeline } from '../../support/pipeline.ts';
import { rawExchange } from '../../support/raw-http.ts';
import { mutate, seeded } from './mutate.ts';
import { catalogueDouble } from '../../support/catalogue.ts';

const COUNT = Number(process.env['FUZZ_COUNT'] ?? 20_000);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const AT_ONCE = 50;
const EXPECTED = new Set([200, 400, 415, 422]);

const EVENT = JSON.stringify({
  id: 'order-10042',
  type: 'purchase',
  msisdn: '79160000001',
  amount: { minor: '12550', currency: 'RUB' },
  occurredAt: '2026-01-31T12:00:00+03:00',
});

/** Where bodies go, and a body that is accepted there. */
const TARGETS = [
  ['POST /v1/events', 'application/json', EVENT],
  ['POST /v1/events/batch', 'application/json', `{"events":[${EVENT},${EVENT}]}`],
  [
    'POST /v1/subscribers',
    'application/json',
    '{"msisdn":"79160000001","language":"ru","zone":"Europe/Moscow"}',
  ],
  ['PATCH /v1/subscribers/79160000001', 'application/json', '{"language":"en"}'],
  [
    'POST /v1/subscribers/79160000001/adjust',
    'application/json',
    '{"points":"-150","reason":"goodwill","comment":"x"}',
  ],
  ['PUT /v1/subscribers/79160000001/pin', 'application/json', '{"pin":"2580"}'],
  ['POST /offer', 'application/x-www-form-urlencoded', '"answer=yes&token=abc"'],
] as const;

describe('HTTP bodies, random and mutated', function () {
  this.timeout(60_000 + COUNT * 5);
  const clock = manualClock();
  const events: BusinessEvent[] = [];
  const adjusted: bigint[] = [];
  let http: TestHttp;

  // mocha asks for endless stack traces, and every refused body makes an error or two.
  const { stackTraceLimit } = Error;

  before(async () => {
    Error.stackTraceLimit = 0;
    const done = () => Promise.resolve({ subscriberId: 1n, replayed: false });
    const subscribers = {
      resolveNumber: () => Promise.resolve({ id: 1n }),
      register: done,
      changeSettings: done,
      setPin: (_id: bigint, pin: string) =>
        pin === '2580' ? Promise.resolve() : Promise.reject(new Refusal('pin_weak')),
    } as unknown as Subscribers;
    const unused = () => Promise.reject(new Error('not called'));
    const routes = apiRoutes({
      ...earningApi,
      clock,
      subscribers,
      recordEvents: (_actor, reported) => {
        events.push(...reported);
        return Promise.resolve(reported.map(({ id }) => ({ id, kind: 'recorded', points: 1n })));
      },
      partners: noPartners,
      clearing: noClearing,
      awards: noAwards,
      brakes: noBrakes,
      reports: { programme: () => Promise.resolve([]) },
      ...catalogueDouble(),
      ledger: {
        balance: unused,
        history: unused,
        extendExpiry: unused,
        adjust: (_actor, { points }) => {
          adjusted.push(points);
          return Promise.resolve({ available: 0n, replayed: false });
        },
      },
    });
    const page: Page = {
      method: 'POST',
      path: '/offer',
      handle: ({ form }) => Promise.resolve({ status: 200, headers: {}, body: Object.keys(form).join() }),
    };
    http = await startTestHttp({
      routes,
      pages: [page],
      clock,
      logLevel: 'warn',
      config: { pagesPerMinute: 10_000_000 },
    });
  });
  after(async () => {
    Error.stackTraceLimit = stackTraceLimit;
    await http.server.close();
  });

  it(`leave the server serving, ${COUNT} of them with seed ${SEED}`, async () => {
    const chance = seeded(SEED);
    const statuses = new Map<number, number>();
    const pipelines = [new Pipeline(http.port), new Pipeline(http.port)];
    for (let sent = 0; sent < COUNT; sent += AT_ONCE * pipelines.length) {
      const batches = pipelines.map(() => Array.from({ length: AT_ONCE }, () => requestOf(chance)));
      const answers = await Promise.all(pipelines.map((pipeline, n) => pipeline.exchange(batches[n]!)));
      answers.forEach((some, n) => {
        some.forEach((answer, m) => {
          if (!EXPECTED.has(answer.status)) {
            expect.fail(`${answer.status} ${answer.body} to ${batches[n]![m]!.toString('latin1')}`);
          }
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        });
      });
    }
    for (const pipeline of pipelines) pipeline.close();

    expect(http.logged).to.deep.equal([]);
    expect(statuses.get(200), 'some are accepted').to.be.greaterThan(COUNT / 20);
    expect(statuses.get(400), 'most are refused').to.be.greaterThan(COUNT / 5);
    expect(events.length).to.be.greaterThan(0);
    for (const event of events) expect(isSound(event), event.id).to.equal(true);
    expect(adjusted.every((points) => points !== 0n)).to.equal(true);
    expect(Object.getOwnPropertyNames(Object.prototype)).to.not.include.members(['type', 'pin', 'answer']);
    expect((await http.call('POST', '/v1/events', { raw: EVENT })).status).to.equal(200);
  });

  it('and requests with broken heads leave it serving too', async () => {
    const chance = seeded(SEED + 1);
    const before = events.length;
    for (let sent = 0; sent < COUNT / 100; sent++) {
      const [head = '', body = ''] = requestOf(seeded(3)).toString('latin1').split('\r\n\r\n');
      const at = chance(head.length);
      const broken = Buffer.from(`${head}\r\nConnection: close\r\n\r\n${body}`, 'latin1');
      broken[at] = chance(256);
      // Half-closed after it: a request that lacks its end is not waited for.
      await rawExchange(http.port, broken, true);
    }
    for (const event of events.slice(before)) expect(isSound(event)).to.equal(true);
    expect((await http.call('POST', '/v1/events', { raw: EVENT })).status).to.equal(200);
  });
});

function requestOf(chance: (below: number) => number): Buffer {
  const [target, type, text] = TARGETS[chance(TARGETS.length)]!;
  const form = type !== 'application/json';
  const mutated = mutate(text, chance);
  const body = form ? Buffer.from(mutated.toString('latin1').replaceAll('"', ''), 'latin1') : mutated;
  const head =
    `${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer all\r\nIdempotency-Key: k\r\n` +
    `Content-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

function isMoney(amount: BusinessEvent['amount']): boolean {
  if (amount === undefined) return true;
  const { minor, currency } = amount;
  return typeof minor === 'bigint' && minor >= 0n && minor < 2n ** 63n && /^[A-Z]{3}$/.test(currency);
}

/** What every event must be, whatever was sent. */
function isSound({ id, type, msisdn, amount, occurredAt, partner }: BusinessEvent): boolean {
  return (
    /^[\x21-\x7e]{1,100}$/.test(id) &&
    /^[a-z][a-z0-9_.]{0,39}$/.test(type) &&
    /^[1-9]\d{6,14}$/.test(msisdn) &&
    isMoney(amount) &&
    Number.isSafeInteger(occurredAt) &&
    (partner === undefined || partner.length <= 64)
  );
}
