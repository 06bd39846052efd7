import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { startFreeswitch } from '../../simulators/freeswitch/freeswitch.ts';
import { requirePeer } from '../interop/peer-process.ts';
import { exchange, reqmod } from '../protocols/icap/icap-client.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { daemonProcess, type DaemonProcess } from '../support/daemon-process.ts';
import { untilMetric } from '../support/daemon-state.ts';
import { startPeers, textWith, type TestPeers } from '../support/peers.ts';

const ANNA = '79160000001';

describe('/metrics of a daemon that every wire has reached', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let peers: TestPeers;
  let daemon: DaemonProcess;
  let metrics: Response;
  let text: string;

  before(async () => {
    database = await createTestDatabase();
    peers = await startPeers();
    daemon = await daemonProcess({ databaseUrl: database.url, yaml: peers.yaml });
    await daemon.start();
    await peers.bound();
    await daemon.control('subscriber.add', { msisdn: ANNA });
    await peers.smsc.handset(ANNA).send('BALANCE', '1010');
    await textWith('You have', peers.smsc.handset(ANNA));
    await peers.centre.dial(ANNA, '*100#').next();
    const switchboard = startFreeswitch({ host: '127.0.0.1', port: daemon.ports.ivr });
    await switchboard.call({ from: ANNA, to: '0611' }).heard();
    switchboard.close();
    await exchange(daemon.ports.icap, [reqmod({ icap: ['Connection: close'] })]);
    await fetch(`${daemon.httpUrl}/v1/subscribers/${ANNA}`);
    // ICAP workers report once a second.
    await untilMetric(daemon, 'bonusgate_icap_requests_total{outcome="pass",reason="not_partner"}', 1);
    metrics = await fetch(`${daemon.adminUrl}/metrics`);
    text = await metrics.text();
  });

  after(async () => {
    await daemon.stop();
    await daemon.dispose();
    await peers.close();
    await database.drop();
  });

  it('pass promtool', function () {
    const promtool = requirePeer(this, 'prometheus', ['/usr/bin/promtool', '/usr/local/bin/promtool']);
    const { status, stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], {
      input: text,
      encoding: 'utf8',
    });
    expect(stdout + stderr).to.equal('');
    expect(status).to.equal(0);
  });

  it('cover each wire, the ledger and the loop', () => {
    expect(metrics.headers.get('content-type')).to.match(/^text\/plain; version=0\.0\.4/);
    for (const sample of [
      'bonusgate_smpp_bind_up{smsc="main",bind="sms"} 1',
      'bonusgate_smpp_bind_up{smsc="centre",bind="ussd"} 1',
      'bonusgate_smpp_mo_total{smsc="main",bind="sms",verdict="done"} 1',
      'bonusgate_sms_received_total{answer="done"} 1',
      'bonusgate_ussd_turns_total{answer="screen"} 1',
      'bonusgate_ledger_queue_depth{queue="live"} 0',
      'bonusgate_disk_intake_open 1',
      'bonusgate_bugs_total 0',
    ]) {
      expect(text.split('\n')).to.include(sample);
    }
    expect(text).to.match(/^bonusgate_ivr_calls_total\{how="\w+"\} 1$/m);
    expect(text).to.match(/^bonusgate_nodejs_eventloop_lag_p99_seconds /m);
  });

  it('name nobody', () => {
    expect(text).to.not.contain(ANNA.slice(1));
  });
});
