import { expect } from 'chai';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { daemonProcess, type DaemonProcess } from '../support/daemon-process.ts';
import { startPeers, type TestPeers } from '../support/peers.ts';
import { signed } from '../support/programme.ts';

const ANNA = '79160000001';

/** As in docs/programme/partners.md, prepaid. */
const TERMS = {
  model: 'prepaid_points',
  earnRate: { num: '12', den: '1' },
  burnRate: { num: '10', den: '1' },
  minorPerPoint: '1000',
  maxBackdateDays: 30,
  breakage: 'issuer',
  graceDays: 30,
  vatCode: 'VAT20',
  validFrom: '2020-01-01T00:00:00+03:00',
};

describe('a partner of a running daemon', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let peers: TestPeers;
  let daemon: DaemonProcess;

  before(async () => {
    database = await createTestDatabase();
    peers = await startPeers();
    daemon = await daemonProcess({ databaseUrl: database.url, yaml: peers.yaml });
    await daemon.start();
    await daemon.control('subscriber.add', { msisdn: ANNA });
  });
  after(async () => {
    await daemon.stop();
    await daemon.dispose();
    await peers.close();
    await database.drop();
  });

  it('is set up by the commands of the documentation and earns and spends for a member', async () => {
    const partner = 'books';
    await daemon.control('partner.save', { partner, name: 'Bookworm', blocked: false });
    await daemon.control('partner.publish', { partner, reference: '2026-01', terms: TERMS });
    const sold = await daemon.control('partner.top-up', { partner, points: '1000', reason: 'x', key: 'k' });
    expect(sold).to.deep.equal({ left: '1000', dueMinor: '12000', replayed: false });
    const key = (await daemon.control('partner.key', { partner, key: 'a' })) as {
      id: string;
      secret: string;
    };
    const call = async (method: string, path: string, sent?: object): Promise<unknown> => {
      const body = sent === undefined ? undefined : JSON.stringify(sent);
      const request = { method, path, ...(body !== undefined && { body }) };
      const answer = await fetch(daemon.httpUrl + path, {
        method,
        headers: {
          authorization: signed(key, request, { time: Math.floor(Date.now() / 1000) }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body }),
      });
      return answer.json();
    };
    const amount = { minor: '100000', currency: 'RUB' };
    const bought = { id: 'r-1', msisdn: ANNA, amount, occurredAt: new Date().toISOString() };
    expect(await call('POST', '/partner/v1/purchases', bought)).to.include({ points: '100' });
    await call('POST', '/partner/v1/holds', { id: 'o-1', msisdn: ANNA, points: '60' });
    expect(await call('POST', '/partner/v1/holds/o-1/capture', { points: '40' })).to.include({
      captured: '40',
      released: '20',
    });
    expect(await call('GET', '/partner/v1/prepaid')).to.deep.equal({ points: '900' });
    const shown = (await daemon.control('subscriber.show', { msisdn: ANNA })) as {
      balance: { available: string };
    };
    expect(shown.balance.available).to.equal('60');
    const audit = (await daemon.control('audit', {})) as { sum: string };
    expect(audit.sum).to.equal('0');
    const view = (await daemon.control('partner.show', { partner })) as { keys: unknown[]; prepaid: string };
    expect([view.keys.length, view.prepaid]).to.deep.equal([1, '900']);
    expect(JSON.stringify(view)).to.not.include(key.secret);
  });
});
