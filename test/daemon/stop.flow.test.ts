import { expect } from 'chai';
import { waitUntil } from '../../src/runtime/pause.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { daemonProcess, type DaemonProcess } from '../support/daemon-process.ts';
import { untilLogged } from '../support/daemon-state.ts';
import { holdWallets } from '../support/held-wallets.ts';
import { startPeers, textWith, type TestPeers } from '../support/peers.ts';

const [ANNA, BORIS] = ['79160000001', '79160000002'] as const;

describe('a daemon that gets SIGTERM', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let peers: TestPeers;
  let daemon: DaemonProcess;

  before(async () => {
    database = await createTestDatabase();
    peers = await startPeers();
    daemon = await daemonProcess({
      databaseUrl: database.url,
      yaml: ['programme: { codeFrom: 1000000 }', peers.yaml].join('\n'),
    });
  });

  beforeEach(async () => {
    await daemon.start();
    await peers.bound();
  });

  after(async () => {
    await daemon.dispose();
    await peers.close();
    await database.drop();
  });

  const refusesHttp = async (): Promise<true | undefined> =>
    fetch(daemon.httpUrl).then(
      () => undefined,
      () => true,
    );
  const sold = (token: string, occurredAt: string): Promise<Response> =>
    fetch(`${daemon.httpUrl}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ id: 'order-1', type: 'purchase', msisdn: BORIS, occurredAt },
        amount: { minor: '5000', currency: 'RUB' },
      }),
    });

  it('answers the message and the request it is carrying out, sends the reply, and ends with 0', async () => {
    for (const msisdn of [ANNA, BORIS]) {
      await daemon.control('subscriber.add', { msisdn });
      await daemon.control('subscriber.adjust', { msisdn, points: '1000', reason: 'start', key: msisdn });
    }
    const scopes = ['events:write'];
    const { token } = (await daemon.control('token.create', { name: 'shop', scopes })) as { token: string };
    const held = await holdWallets(database.url);
    const message = peers.smsc.handset(ANNA).send(`TRANSFER ${BORIS} 100`, '1010');
    await held.isWaitedFor();
    const request = sold(token, new Date().toISOString());
    await held.isWaitedFor(2);
    const stopping = daemon.stop();
    await untilLogged(daemon, 'told to stop');
    expect(await waitUntil(refusesHttp, { timeoutMs: 5_000 }), 'takes nothing new').to.equal(true);
    await held.release();
    expect(await message).to.deep.include({ kind: 'delivered', answers: [0] });
    expect((await request).status).to.equal(200);
    expect(await stopping).to.equal(0);
    const text = await textWith('Done.', peers.smsc.handset(ANNA));
    expect(text).to.equal(`Done. 100 points sent to +${BORIS}. You have 900 left.`);
    expect(await untilLogged(daemon, 'stopped')).to.include({ exitCode: 0 });
    const left = await database.pool.query('select 1 from outbox where state = 0');
    expect(left, 'messages not settled').to.deep.equal([]);
  });

  it('leaves a database from which the next one knows what reached the SMSC', async () => {
    const phone = peers.smsc.handset(ANNA);
    await phone.send('BALANCE', '1010');
    await textWith('You have', phone);
    expect(await daemon.stop()).to.equal(0);
    const [open] = await database.pool.query<{ sessions: bigint; unproved: bigint }>(
      `select count(*) filter (where s.ended_at is null) as sessions,
        count(*) filter (where m.received_at >= s.proved_until) as unproved
      from smpp_session s left join mo m on m.session_id = s.id`,
    );
    expect(open).to.deep.equal({ sessions: 0n, unproved: 0n });
  });

  it('twice does not wait for what is being carried out', async () => {
    const held = await holdWallets(database.url);
    void peers.smsc.handset(ANNA).send(`TRANSFER ${BORIS} 1`, '1010');
    await held.isWaitedFor();
    const from = daemon.log().length;
    const stopping = daemon.stop();
    await untilLogged(daemon, 'told to stop', from);
    daemon.signal('SIGTERM');
    expect(await stopping).to.equal(1);
    expect(await untilLogged(daemon, 'part did not stop in time', from)).to.include({ outcome: 'hurried' });
    await untilLogged(daemon, 'stopped', from);
    expect(daemon.log().trimEnd().split('\n').at(-1), 'its last word').to.contain('"msg":"stopped"');
    await held.release();
  });
});
