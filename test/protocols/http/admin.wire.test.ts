import { expect } from 'chai';
import { pino } from 'pino';
import { startAdmin, type AdminServer, type ReadinessCheck } from '../../../protocols/http/admin.ts';
import { manualClock } from '../../../src/runtime/clock.ts';
import { adminConfig } from '../../../src/runtime/config/http.ts';
import { counter } from '../../../src/runtime/metrics.ts';
import { rawExchange } from '../../support/raw-http.ts';

const log = pino({ level: 'silent' });

describe('admin port', () => {
  const clock = manualClock();
  let database: ReadinessCheck['check'] = () => true;
  let admin: AdminServer;

  before(async () => {
    const checks = [
      { name: 'database', check: () => database() },
      { name: 'disk', check: () => true },
    ];
    admin = await startAdmin(adminConfig.parse({ port: 0 }), { clock, log, checks });
  });
  after(() => admin.close());

  const get = async (path: string, method = 'GET') => {
    const answer = await fetch(admin.address + path, { method });
    return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
  };
  const ready = async () => {
    const { status, text } = await get('/readyz');
    return { status, ...(JSON.parse(text) as { ready: boolean; checks: { name: string; ok: boolean }[] }) };
  };

  it('serves the metrics of the process', async () => {
    counter('bonusgate_admin_test_total', 'a test').inc(3);
    const answer = await get('/metrics');
    expect(answer.type).to.match(/^text\/plain; version=0\.0\.4/);
    expect(answer.text).to.match(/^bonusgate_admin_test_total 3$/m);
  });

  it('is healthy while the process lives, and ready while every check is well', async () => {
    expect((await get('/healthz')).status).to.equal(200);
    expect(await ready()).to.deep.equal({
      status: 200,
      ready: true,
      checks: [
        { name: 'database', ok: true },
        { name: 'disk', ok: true },
      ],
    });
  });

  for (const [what, check] of [
    ['says no', () => false],
    ['rejects', () => Promise.reject(new Error('down'))],
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
  ] as const) {
    it(`is not ready when one check ${what}, and names it`, async () => {
      database = check;
      const answer = await ready();
      expect(answer).to.deep.include({ status: 503, ready: false });
      expect(answer.checks).to.deep.equal([
        { name: 'database', ok: false },
        { name: 'disk', ok: true },
      ]);
    });
  }

  it('is not ready when a check does not answer in time', async () => {
    const asked = new Promise<void>((resolve) => {
      database = () => {
        resolve();
        return new Promise(() => undefined);
      };
    });
    const answer = ready();
    await asked;
    // The deadline is set in the same turn, right after the check was asked.
    await Promise.resolve();
    clock.advance(2_000);
    expect((await answer).status).to.equal(503);
    database = () => true;
  });

  it('answers nothing else, and survives noise', async () => {
    expect((await get('/')).status).to.equal(404);
    expect((await get('/healthz', 'POST')).status).to.equal(405);
    await rawExchange(Number(new URL(admin.address).port), '\x00\x01\x02noise\r\n\r\n');
    expect((await get('/healthz')).status).to.equal(200);
  });

  it('rejects when the port is taken', async () => {
    const port = Number(new URL(admin.address).port);
    const error = await startAdmin(adminConfig.parse({ port }), { clock, log, checks: [] }).catch(
      (e: unknown) => e,
    );
    expect(error).to.have.property('code', 'EADDRINUSE');
  });
});
