import { expect } from 'chai';
import { createTill } from '../../simulators/shop/till.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { daemonProcess, type DaemonProcess } from '../support/daemon-process.ts';
import { startPeers, type TestPeers } from '../support/peers.ts';

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
    const till = createTill({ url: daemon.httpUrl, key: () => key, now: () => new Date() });
    const bought = await till.buy(ANNA, 100_000n);
    expect(bought.body).to.include({ points: '100' });
    expect((await till.takeBack(bought.id, 20_000n)).body).to.include({ points: '20' });
    const paid = await till.pay(ANNA, 40n);
    expect(paid.body).to.include({ captured: '40', released: '0' });
    expect((await till.giveBack(paid.id, 15n)).body).to.include({ points: '15', lapsed: '0' });
    expect((await till.abandon(ANNA, 10n)).body).to.include({ captured: '0', released: '10' });
    expect((await till.pay(ANNA, 1_000n)).body).to.include({ code: 'points_insufficient' });
    expect((await till.statements()).body).to.deep.equal({ statements: [] });
    const shown = (await daemon.control('subscriber.show', { msisdn: ANNA })) as {
      balance: { available: string };
    };
    expect(shown.balance.available).to.equal('55');
    const audit = (await daemon.control('audit', {})) as { sum: string };
    expect(audit.sum).to.equal('0');
    const view = (await daemon.control('partner.show', { partner })) as { keys: unknown[]; prepaid: string };
    expect([view.keys.length, view.prepaid]).to.deep.equal([1, '920']);
    expect(JSON.stringify(view)).to.not.include(key.secret);
  });
});
