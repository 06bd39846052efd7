import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { SimulatedCall } from '../../simulators/freeswitch/call.ts';
import { startFreeswitch, type Freeswitch } from '../../simulators/freeswitch/freeswitch.ts';
import { loadManifest } from '../../simulators/freeswitch/manifest.ts';
import type { SendStatus } from '../../simulators/smsc/smsc.ts';
import type { UssdDialogue } from '../../simulators/ussd-centre/dialogue.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { waitUntil } from '../../src/runtime/pause.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/storage/embedded-postgres.ts';
import { createPool, POSTGRES_DEFAULTS, type PostgresPool } from '../../src/storage/postgres.ts';
import { prepareDatabase } from '../../src/storage/roles.ts';
import { exchange, reqmod, SHOP_GET } from '../protocols/icap/icap-client.ts';
import { daemonProcess, type DaemonProcess } from '../support/daemon-process.ts';
import {
  available,
  metric,
  readiness,
  untilLogged,
  untilMetric,
  untilReadiness,
} from '../support/daemon-state.ts';
import { faultyLink, throughLink, type FaultyLink } from '../support/faulty-link.ts';
import { quietLog } from '../support/ledger.ts';
import { startPeers, textWith, type TestPeers } from '../support/peers.ts';

const [ANNA, BORIS, CLARA] = ['79160000001', '79160000002', '79160000003'] as const;
const RETRY_LATER = 0x64; // ESME_RX_T_APPN
const REFUSED_FOR_NOW = 'bonusgate_smpp_mo_total{smsc="main",bind="sms",verdict="retry"}';
const APOLOGY = 'Sorry, please try again in a few minutes.';
const SPOKEN_APOLOGY = 'Sorry, the service is not available right now. Please call again later.';

/** What each door says while Postgres is away, and that all of it heals without a restart (ARCHITECTURE, Errors). */
describe('the database down', function () {
  this.timeout(60_000);
  let home: string;
  let postgres: EmbeddedPostgres;
  let target: { port: number };
  let link: FaultyLink;
  let pool: PostgresPool;
  let peers: TestPeers;
  let daemon: DaemonProcess;
  let freeswitch: Freeswitch;
  let token: string;
  let occurredAt: string;

  const startPostgres = async (): Promise<void> => {
    postgres = await startEmbeddedPostgres({ home, fsync: false, clock: systemClock(), log: quietLog });
    target.port = Number(new URL(postgres.url).port);
  };
  const icap = (address: string, allow204 = true): Promise<string> => {
    const identity = [`X-Client-IP: ${address}`, 'Connection: close'];
    return exchange(daemon.ports.icap, [reqmod({ icap: identity, http: SHOP_GET, allow204 })]);
  };
  const report = (id: string, secret = token): Promise<Response> =>
    fetch(`${daemon.httpUrl}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ id, type: 'purchase', msisdn: CLARA, amount: { minor: '5000', currency: 'RUB' }, occurredAt },
      }),
    });
  const transfers = async (): Promise<number> => {
    const rows = await pool.query<{ moved: bigint }>('select count(*) as moved from transfer where kind = 3');
    return Number(rows[0]!.moved);
  };
  const call = (): SimulatedCall => freeswitch.call({ from: ANNA, to: '0611' });
  const send = (text: string): Promise<SendStatus> => peers.smsc.handset(ANNA).send(text, '1010');

  before(async () => {
    home = await mkdtemp(path.join(tmpdir(), 'bonusgate-down-'));
    target = { port: 0 };
    await startPostgres();
    link = await faultyLink(target);
    await prepareDatabase(postgres.url);
    pool = createPool({ ...POSTGRES_DEFAULTS, url: postgres.url }, () => undefined);
    peers = await startPeers();
    daemon = await daemonProcess({
      databaseUrl: throughLink(postgres.url, link),
      yaml: [
        'programme: { codeFrom: 1000000 }',
        'storage: { connectTimeoutMs: 1000, queryTimeoutMs: 1000 }',
        'ledger: { patienceMs: 1000 }',
        peers.yaml,
      ].join('\n'),
    });
    await daemon.start();
    await peers.bound();
    freeswitch = startFreeswitch({
      host: '127.0.0.1',
      port: daemon.ports.ivr,
      manifest: await loadManifest('conf/ivr'),
    });
    ({ token } = (await daemon.control('token.create', { name: 'shop', scopes: ['events:write'] })) as {
      token: string;
    });
    for (const msisdn of [ANNA, BORIS, CLARA]) {
      await daemon.control('subscriber.add', { msisdn });
      await daemon.control('subscriber.adjust', { msisdn, points: '1000', reason: 'start', key: msisdn });
    }
    occurredAt = new Date().toISOString();
    await daemon.control('cashback.merchant', { name: 'Shop', hosts: ['shop.example'] });
    await daemon.control('cashback.audience', {
      members: [
        { msisdn: BORIS, identity: '10.0.0.2' },
        { msisdn: ANNA, identity: '10.0.0.1' },
      ],
    });
  });

  after(async () => {
    freeswitch.close();
    await daemon.stop();
    await peers.close();
    await pool.end();
    await link.close();
    await postgres.stop();
    await daemon.dispose();
    await rm(home, { recursive: true, force: true });
  });

  describe('while it is stopped', () => {
    let transfer: Promise<SendStatus>;
    let enquiry: Promise<SendStatus>;
    let openDialogue: UssdDialogue;
    let openCall: SimulatedCall;

    before(async () => {
      // Bindings reach the workers in the order in which they were made: Boris is known then, too.
      const isOffered = async () => /^HTTP\/1\.1 302 /m.test(await icap('10.0.0.1')) || undefined;
      expect(await waitUntil(isOffered, { timeoutMs: 10_000 }), 'an offer while all is well').to.equal(true);
      expect((await report('before')).status).to.equal(200);
      openDialogue = peers.centre.dial(ANNA, '*100#');
      expect((await openDialogue.next())?.text).to.contain('1 Balance');
      openCall = call();
      await openCall.heard();
      await postgres.stop();
      transfer = send(`TRANSFER ${BORIS} 100`);
      enquiry = send('BALANCE');
      await untilReadiness(daemon, ({ status }) => status === 503);
    });

    it('/readyz goes red and says why, /healthz stays green', async () => {
      const { status, failed } = await readiness(daemon);
      expect(status).to.equal(503);
      expect(failed).to.include.members(['postgres', 'daemon_lock']);
      expect((await fetch(`${daemon.adminUrl}/healthz`)).status).to.equal(200);
    });

    it('messages are refused for now, again and again', async () => {
      await untilMetric(daemon, REFUSED_FOR_NOW, 6);
    });

    it('a USSD dialogue gets an apology and ends, a new one and one in the middle', async () => {
      const fresh = peers.centre.dial(BORIS, '*100#');
      openDialogue.answer('1');
      for (const dialogue of [fresh, openDialogue]) {
        expect(await dialogue.ended).to.equal('final');
        expect(dialogue.screens.at(-1)?.text).to.contain(APOLOGY);
      }
    });

    it('a call hears an apology and is hung up, a new one and one in the middle', async () => {
      const fresh = call();
      openCall.press('1');
      for (const each of [fresh, openCall]) {
        expect(await each.heard()).to.contain(SPOKEN_APOLOGY);
        expect(await each.ended).to.deep.include({ by: 'daemon' });
      }
    });

    it('ICAP lets a visit pass that would have been redirected', async () => {
      expect(await untilLogged(daemon, 'offers follow the database')).to.include({ available: false });
      expect(await icap('10.0.0.2')).to.match(/^ICAP\/1\.0 204 /);
      const whole = await icap('10.0.0.2', false);
      expect(whole).to.match(/^ICAP\/1\.0 200 /);
      expect(whole).to.contain(SHOP_GET);
    });

    it('the API answers 503 with Retry-After, to a known token and to an unknown one', async () => {
      for (const answer of [await report('during'), await report('during', 'bg_unknown')]) {
        expect(answer.status).to.equal(503);
        expect(Number(answer.headers.get('retry-after'))).to.be.greaterThan(0);
        expect(await answer.json()).to.deep.include({ code: 'unavailable', status: 503 });
      }
    });

    describe('and back again', () => {
      before(async () => {
        const from = daemon.log().length;
        await startPostgres();
        await untilReadiness(daemon, ({ status }) => status === 200);
        const offers = await untilLogged(daemon, 'offers follow the database', from);
        expect(offers).to.include({ available: true });
      });

      it('redelivered messages are taken, and the transfer counts once', async () => {
        for (const status of [await transfer, await enquiry]) {
          expect(status.kind).to.equal('delivered');
          expect(status.answers.slice(0, -1)).to.deep.equal(Array(status.attempts - 1).fill(RETRY_LATER));
        }
        expect(await available(daemon, ANNA)).to.equal(900);
        expect(await available(daemon, BORIS)).to.equal(1100);
        const handset = peers.smsc.handset(ANNA);
        expect(await textWith('Done.', handset)).to.contain(`100 points sent to +${BORIS}`);
      });

      it('a repeated event counts once', async () => {
        const answers = [await report('during'), await report('during')];
        expect(answers.map(({ status }) => status)).to.deep.equal([200, 200]);
        expect(await available(daemon, CLARA)).to.equal(1000 + 5 + 5);
      });

      it('dialogues, calls and offers are as before', async () => {
        const dialogue = peers.centre.dial(ANNA, '*100*1#');
        expect((await dialogue.next())?.text).to.contain('900');
        const again = call();
        await again.heard();
        again.press('1');
        expect(await again.heard()).to.contain('nine hundred');
        again.hangUp();
        expect(await icap('10.0.0.2')).to.match(/^HTTP\/1\.1 302 /m);
      });
    });
  });

  describe('behind a broken link', () => {
    it('is found again by a daemon that nobody asks anything', async () => {
      link.cut();
      await untilReadiness(daemon, ({ failed }) => failed.includes('ledger'));
      link.mend();
      await untilReadiness(daemon, ({ status }) => status === 200);
    });

    it('that committed a transfer and fell silent is asked again, and the transfer counts once', async () => {
      const before = { moved: await transfers(), refused: await metric(daemon, REFUSED_FOR_NOW) };
      link.muteServer((octets) => octets.includes('commit'));
      const sent = send(`TRANSFER ${BORIS} 7`);
      const isCommitted = async () => (await transfers()) > before.moved || undefined;
      expect(await waitUntil(isCommitted, { timeoutMs: 10_000 })).to.equal(true);
      await untilMetric(daemon, REFUSED_FOR_NOW, before.refused + 1);
      link.mend();
      const { kind, answers } = await sent;
      expect(kind).to.equal('delivered');
      expect(answers[0]).to.equal(RETRY_LATER);
      expect(await transfers()).to.equal(before.moved + 1);
      const replies = await pool.query(
        `select 1 from outbox where body like 'Done. 7 points sent to +${BORIS}%'`,
      );
      expect(replies).to.have.length(1);
    });
  });
});
