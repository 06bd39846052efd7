import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { startFreeswitch } from '../../simulators/freeswitch/freeswitch.ts';
import { loadManifest } from '../../simulators/freeswitch/manifest.ts';
import type { UssdDialogue } from '../../simulators/ussd-centre/dialogue.ts';
import { OUTBOX_STATE } from '../../src/ledger/records.ts';
import { waitUntil } from '../../src/runtime/pause.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { daemonProcess, type DaemonProcess } from '../support/daemon-process.ts';
import { available, untilLogged, untilReadiness } from '../support/daemon-state.ts';
import { faultyLink, throughLink, type FaultyLink } from '../support/faulty-link.ts';
import { holdWallets } from '../support/held-wallets.ts';
import { startPeers, textWith, type TestPeers } from '../support/peers.ts';
import { redisUrl } from '../support/redis.ts';

const [ANNA, BORIS] = ['79160000001', '79160000002'] as const;
const APOLOGY = 'Sorry, please try again in a few minutes.';

/** Redis holds what may be lost: without it points are safe, dialogues end, and somebody is told (ARCHITECTURE, Stores). */
describe('Redis down', function () {
  this.timeout(60_000);
  const prefix = `flow:${randomBytes(6).toString('hex')}:`;
  let database: TestDatabase;
  let redis: Redis;
  let link: FaultyLink;
  let peers: TestPeers;
  let daemon: DaemonProcess;
  let cleanUp = (): Promise<void> => Promise.resolve();

  before(async function () {
    const url = redisUrl();
    if (url === undefined) this.skip();
    database = await createTestDatabase();
    redis = new Redis(url);
    link = await faultyLink({ port: Number(new URL(url).port || 6379) });
    peers = await startPeers();
    daemon = await daemonProcess({
      databaseUrl: database.url,
      redisUrl: throughLink(url, link),
      only: 'smpp,ivr,jobs',
      yaml: [
        'programme: { codeFrom: 1000000 }',
        `storage: { redis: { keyPrefix: '${prefix}' } }`,
        peers.yaml,
      ].join('\n'),
    });
    cleanUp = async () => {
      await daemon.stop();
      await daemon.dispose();
      await peers.close();
      await link.close();
      await forgetAll();
      await redis.quit();
      await database.drop();
    };
    await daemon.start();
    await peers.bound();
    for (const msisdn of [ANNA, BORIS]) {
      await daemon.control('subscriber.add', { msisdn });
      await daemon.control('subscriber.adjust', { msisdn, points: '1000', reason: 'start', key: msisdn });
    }
  });
  after(() => cleanUp());

  const forgetAll = async (): Promise<void> => {
    const keys = await redis.keys(`${prefix}*`);
    if (keys.length > 0) await redis.unlink(keys);
  };
  const balances = async () => [await available(daemon, ANNA), await available(daemon, BORIS)];
  const lost = async (): Promise<void> => {
    const from = daemon.log().length;
    link.cut();
    expect(await untilLogged(daemon, 'redis availability changed', from)).to.include({ available: false });
    await untilReadiness(daemon, ({ status, failed }) => status === 503 && failed.join() === 'redis');
  };
  const found = async (): Promise<void> => {
    link.mend();
    await untilReadiness(daemon, ({ status }) => status === 200);
  };
  const dial = async (msisdn: string, answers: readonly string[] = []): Promise<UssdDialogue> => {
    const dialogue = peers.centre.dial(msisdn, '*100#');
    await dialogue.next();
    for (const answer of answers) {
      dialogue.answer(answer);
      await dialogue.next();
    }
    return dialogue;
  };
  const expectApology = async (dialogue: UssdDialogue): Promise<void> => {
    expect(await dialogue.ended).to.equal('final');
    expect(dialogue.screens.at(-1)?.text).to.contain(APOLOGY);
  };

  it('ends dialogues with an apology, and what they were about to confirm does not happen', async () => {
    const open = await dial(BORIS);
    const confirming = await dial(ANNA, ['3', BORIS, '50']);
    expect(confirming.screens.at(-1)?.text).to.contain(`Send 50 points to +${BORIS}?`);
    await lost();
    open.answer('1');
    confirming.answer('1');
    await expectApology(open);
    await expectApology(confirming);
    await expectApology(peers.centre.dial(BORIS, '*100#'));
    expect(await balances()).to.deep.equal([1000, 1000]);
  });

  it('touches neither messages nor calls', async () => {
    const phone = peers.smsc.handset(ANNA);
    expect((await phone.send(`TRANSFER ${BORIS} 100`, '1010')).answers).to.deep.equal([0]);
    expect(await textWith('Done.', phone)).to.equal(`Done. 100 points sent to +${BORIS}. You have 900 left.`);
    const call = startFreeswitch({
      host: '127.0.0.1',
      port: daemon.ports.ivr,
      manifest: await loadManifest('conf/ivr'),
    }).call({ from: ANNA, to: '0611' });
    await call.heard();
    call.press('1');
    expect(await call.heard()).to.contain('nine hundred');
    call.hangUp();
    await call.ended;
    expect(await balances()).to.deep.equal([900, 1100]);
  });

  it('is over when it is back, even if it has forgotten everything, its own name included', async () => {
    await forgetAll();
    await found();
    const dialogue = await dial(ANNA, ['3', BORIS, '100', '1']);
    expect(dialogue.screens.at(-1)?.text).to.contain(`Done. 100 points sent to +${BORIS}.`);
    expect(await balances()).to.deep.equal([800, 1200]);
    const named = async () => (await redis.get(`${prefix}store_id`)) ?? undefined;
    expect(await waitUntil(named, { timeoutMs: 15_000 })).to.be.a('string');
  });

  it('in the middle of a confirmation: points move once, and the result is told once', async () => {
    const dialogue = await dial(BORIS, ['3', ANNA, '200']);
    const held = await holdWallets(database.url);
    dialogue.answer('1');
    await held.isWaitedFor();
    await lost();
    await held.release();
    expect(await dialogue.ended).to.equal('final');
    expect(dialogue.screens.at(-1)?.text).to.contain(`Done. 200 points sent to +${ANNA}.`);
    expect(await balances()).to.deep.equal([1000, 1000]);
    const told = () =>
      database.pool.query<{ state: number }>('select state from outbox where body like $1', [
        `Done. 200 points sent to +${ANNA}%`,
      ]);
    const isSettled = async () =>
      (await told()).every(({ state }) => state !== OUTBOX_STATE.open) || undefined;
    expect(await waitUntil(isSettled, { timeoutMs: 5_000 })).to.equal(true);
    expect(await told()).to.deep.equal([{ state: OUTBOX_STATE.shown }]);
    await found();
  });

  it('is noticed when it only falls silent, and is found again', async () => {
    const from = daemon.log().length;
    link.silence();
    await expectApology(peers.centre.dial(ANNA, '*100#'));
    expect(await untilLogged(daemon, 'redis availability changed', from)).to.include({ available: false });
    await untilReadiness(daemon, ({ failed }) => failed.join() === 'redis');
    await found();
    expect((await dial(ANNA)).screens).to.have.length(1);
  });
});
