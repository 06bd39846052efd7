import { expect } from 'chai';
import { startFreeswitch, type Freeswitch } from '../../simulators/freeswitch/freeswitch.ts';
import { loadManifest } from '../../simulators/freeswitch/manifest.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { daemonProcess, type DaemonProcess } from '../support/daemon-process.ts';
import { available, untilLogged, untilMetric, untilReadiness } from '../support/daemon-state.ts';
import { startPeers, type TestPeers } from '../support/peers.ts';

const [ANNA, BORIS] = ['79160000001', '79160000002'] as const;
const THROTTLED = 'bonusgate_smpp_mo_total{smsc="main",bind="sms",verdict="full"}';
/** More than any disk has free. */
const NEVER_ENOUGH_MB = 10_000_000;

/** Postgres on a full disk stays down: every door stops taking in work before that, and opens again by itself. */
describe('the disk nearly full', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let peers: TestPeers;
  let daemon: DaemonProcess;
  let freeswitch: Freeswitch;
  let token: string;

  const configure = (stopBelowMb: number): Promise<void> =>
    daemon.configure(
      [
        'programme: { codeFrom: 1000000 }',
        `diskGuard: { stopBelowMb: ${String(stopBelowMb)}, resumeAboveMb: ${String(stopBelowMb)}, checkEveryMs: 100 }`,
        peers.yaml,
      ].join('\n'),
    );
  const reload = async (stopBelowMb: number): Promise<void> => {
    const from = daemon.log().length;
    await configure(stopBelowMb);
    daemon.signal('SIGHUP');
    await untilLogged(daemon, 'configuration reloaded', from);
  };
  const report = (id: string): Promise<Response> =>
    fetch(`${daemon.httpUrl}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ id, type: 'purchase', msisdn: BORIS, occurredAt: new Date().toISOString() },
        amount: { minor: '5000', currency: 'RUB' },
      }),
    });

  before(async () => {
    database = await createTestDatabase();
    peers = await startPeers();
    daemon = await daemonProcess({ databaseUrl: database.url, yaml: '' });
    await configure(1);
    await daemon.start();
    await peers.bound();
    freeswitch = startFreeswitch({
      host: '127.0.0.1',
      port: daemon.ports.ivr,
      manifest: await loadManifest('conf/ivr'),
    });
    for (const msisdn of [ANNA, BORIS]) {
      await daemon.control('subscriber.add', { msisdn });
      await daemon.control('subscriber.adjust', { msisdn, points: '1000', reason: 'start', key: msisdn });
    }
    ({ token } = (await daemon.control('token.create', { name: 'shop', scopes: ['events:write'] })) as {
      token: string;
    });
  });

  after(async () => {
    freeswitch.close();
    await daemon.stop();
    await daemon.dispose();
    await peers.close();
    await database.drop();
  });

  it('turns every door to "busy", and what was turned away is done once there is room again', async () => {
    await reload(NEVER_ENOUGH_MB);
    await untilReadiness(daemon, ({ failed }) => failed.includes('disk'));
    const transfer = peers.smsc.handset(ANNA).send(`TRANSFER ${BORIS} 100`, '1010');
    await untilMetric(daemon, THROTTLED, 2);
    const dialogue = peers.centre.dial(ANNA, `*100*3*${BORIS}*5#`);
    expect(await dialogue.ended).to.equal('final');
    expect(dialogue.screens.at(-1)?.text).to.contain('Too many');
    expect(await freeswitch.call({ from: ANNA, to: '0611' }).ended).to.deep.include({ by: 'dialplan' });
    const refused = await report('order-1');
    expect(refused.status).to.equal(503);
    expect(await refused.json()).to.include({ code: 'intake_full' });

    await reload(1);
    await untilReadiness(daemon, ({ status }) => status === 200);
    expect(await transfer).to.deep.include({ kind: 'delivered' });
    expect((await report('order-1')).status).to.equal(200);
    expect(await available(daemon, ANNA)).to.equal(900);
    expect(await available(daemon, BORIS)).to.equal(1105);
  });
});
