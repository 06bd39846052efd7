import { expect } from 'chai';
import { startFreeswitch, type Freeswitch } from '../../simulators/freeswitch/freeswitch.ts';
import { loadManifest } from '../../simulators/freeswitch/manifest.ts';
import { auditLedger } from '../../src/ledger/store.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { exchange, reqmod, SHOP_GET } from '../protocols/icap/icap-client.ts';
import { daemonProcess, type DaemonProcess } from '../support/daemon-process.ts';
import { readiness } from '../support/daemon-state.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { startPeers, textWith, type TestPeers } from '../support/peers.ts';
import { residentMb } from '../support/process-tree.ts';

const MINUTES = Number(process.env['SOAK_MIN'] ?? 10);
const MINUTE_MS = 60_000;
const SAMPLES = Math.max(8, MINUTES);
/** Anna sends, Boris gets, Clara shops and browses. */
const [ANNA, BORIS, CLARA] = ['79160000001', '79160000002', '79160000003'] as const;
const UNLIMITED = '{ count: 1000000, points: 1000000000 }';

interface Sample {
  readonly residentMb: number;
  readonly heapMb: number;
  readonly handles: number;
  readonly loopLagMs: number;
}

/**
 * A day in a few minutes: every channel is used without a pause, and what the daemon holds must not grow with what it
 * has done. `npm run soak` takes ten minutes, `SOAK_MIN=480 TEST_DEADLINE_MIN=500 npm run soak` a night.
 */
describe('under load for long', function () {
  this.timeout((MINUTES + 3) * MINUTE_MS);
  let db: TestDatabase;
  let peers: TestPeers;
  let daemon: DaemonProcess;
  let freeswitch: Freeswitch | undefined;
  let token: string;
  const done = { sms: 0, ussd: 0, ivr: 0, icap: 0, http: 0 };

  before(async () => {
    db = await createTestDatabase();
    peers = await startPeers();
    const redisUrl = process.env['REDIS_URL'] ?? '';
    daemon = await daemonProcess({
      databaseUrl: db.url,
      ...(redisUrl !== '' && { redisUrl }),
      yaml: [
        'log: { level: warn }',
        `programme: { codeFrom: 1000000, transfer: { perDay: ${UNLIMITED}, perMonth: ${UNLIMITED} } }`,
        peers.yaml
          .replace('{ name: sms }', '{ name: sms, moIdentity: user_message_reference, ratePerS: 1000 }')
          .replace('kind: ussd,', 'kind: ussd, ratePerS: 1000,'),
      ].join('\n'),
    });
    await daemon.start();
    await peers.bound();
    const manifest = await loadManifest('conf/ivr');
    freeswitch = startFreeswitch({ host: '127.0.0.1', port: daemon.ports.ivr, manifest });
    ({ token } = (await daemon.control('token.create', { name: 'shop', scopes: ['events:write'] })) as {
      token: string;
    });
    for (const msisdn of [ANNA, BORIS, CLARA]) await daemon.control('subscriber.add', { msisdn });
    const start = { msisdn: ANNA, points: '100000000', reason: 'start', key: 'start' };
    await daemon.control('subscriber.adjust', start);
    await daemon.control('cashback.merchant', { name: 'Shop', hosts: ['shop.example'] });
    await daemon.control('cashback.audience', { members: [{ msisdn: CLARA, identity: '10.0.0.3' }] });
  });

  after(async () => {
    freeswitch?.close();
    await daemon.stop();
    await peers.close();
    await daemon.dispose();
    await db.drop();
  });

  const sms = async (): Promise<void> => {
    const phone = peers.smsc.handset(ANNA);
    await phone.send(`TRANSFER ${BORIS} 1`, '1010');
    await textWith('Done. 1 point sent', phone);
  };
  const ussd = async (): Promise<void> => {
    const dialogue = peers.centre.dial(BORIS, '*100#');
    await dialogue.next();
    dialogue.answer('1');
    await dialogue.next();
    dialogue.abort();
    await dialogue.ended;
  };
  const ivr = async (): Promise<void> => {
    const call = freeswitch!.call({ from: BORIS, to: '0611' });
    await call.heard();
    call.press('1');
    await call.heard();
    call.hangUp();
    await call.ended;
  };
  const icap = async (): Promise<void> => {
    const known = done.icap % 2 === 0;
    const http = known ? SHOP_GET : SHOP_GET.replace('shop.example', 'elsewhere.example');
    const identity = ['X-Client-IP: 10.0.0.3', 'Connection: close'];
    const answer = await exchange(daemon.ports.icap, [reqmod({ icap: identity, http, allow204: true })]);
    expect(answer).to.match(/^ICAP\/1\.0 20[04] /);
  };
  const http = async (): Promise<void> => {
    const answer = await fetch(`${daemon.httpUrl}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ id: `soak-${String(done.http)}`, type: 'purchase', msisdn: CLARA },
        ...{ amount: { minor: '1000', currency: 'RUB' }, occurredAt: new Date().toISOString() },
      }),
    });
    expect(answer.status, await answer.text()).to.equal(200);
  };
  const journeys = { sms, ussd, ivr, icap, http };

  /** One reading of /metrics: what it says of the loop is about the time since the reading before. */
  async function take(): Promise<Sample> {
    const text = await (await fetch(`${daemon.adminUrl}/metrics`)).text();
    const value = (name: string): number =>
      Number(new RegExp(`^bonusgate_${name} (.+)$`, 'm').exec(text)?.[1]);
    return {
      residentMb: await residentMb(daemon.pid!),
      heapMb: Math.round(value('nodejs_heap_size_used_bytes') / 2 ** 20),
      handles: value('process_open_fds'),
      loopLagMs: Math.round(value('nodejs_eventloop_lag_p99_seconds') * 1000),
    };
  }

  it(`for ${String(MINUTES)} minutes it loses nothing and grows no fatter`, async () => {
    const clock = systemClock();
    const start = clock.now();
    const end = start + MINUTES * MINUTE_MS;
    const samples: Sample[] = [];
    const use = async (channel: keyof typeof journeys): Promise<void> => {
      while (clock.now() < end) {
        await journeys[channel]();
        done[channel] += 1;
      }
    };
    const watch = async (): Promise<void> => {
      for (let turn = 1; turn <= SAMPLES; turn++) {
        const at = start + (turn / SAMPLES) * (end - start);
        await new Promise<void>((resolve) => void clock.after(Math.max(0, at - clock.now()), resolve));
        samples.push(await take());
        console.log(`      ${JSON.stringify({ ...samples.at(-1), ...done })}`);
      }
    };
    await Promise.all([watch(), ...(Object.keys(journeys) as (keyof typeof journeys)[]).map(use)]);

    expect(await readiness(daemon)).to.deep.equal({ status: 200, failed: [] });
    expect(Math.min(...Object.values(done)), JSON.stringify(done)).to.be.greaterThan(MINUTES * 10);
    const [moved] = await db.pool.query<{ earned: bigint; sent: bigint }>(
      `select count(*) filter (where kind = 1) as earned, count(*) filter (where kind = 3) as sent from transfer`,
    );
    expect(moved).to.deep.equal({ earned: BigInt(done.http), sent: BigInt(done.sms) });
    expect(await auditLedger(db.pool)).to.deep.include({
      ...{ sum: 0n, balanceMismatches: 0n, lotMismatches: 0n, holdMismatches: 0n },
    });
    // The first quarter is for warming up; then the lowest of each half, because a heap breathes.
    const late = samples.slice(Math.ceil(SAMPLES / 4));
    const halves = [late.slice(0, late.length >> 1), late.slice(late.length >> 1)] as const;
    const lowest = (of: keyof Sample) => halves.map((half) => Math.min(...half.map((one) => one[of])));
    for (const [what, spare] of Object.entries({ residentMb: 24, heapMb: 16, handles: 8 })) {
      const [before, now] = lowest(what as keyof Sample);
      expect(now, `${what} at the end, ${String(before)} at first`).to.be.below(before! * 1.1 + spare);
    }
  });
});
