import { readFile } from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { startSmsc, type Smsc } from '../../simulators/smsc/smsc.ts';
import { auditLedger } from '../../src/ledger/store.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { pause, waitUntil } from '../../src/runtime/pause.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/storage/embedded-postgres.ts';
import { createPool, POSTGRES_DEFAULTS } from '../../src/storage/postgres.ts';
import { prepareDatabase } from '../../src/storage/roles.ts';
import { daemonProcess, type DaemonProcess } from '../support/daemon-process.ts';
import { quietLog } from '../support/ledger.ts';

const PEOPLE = Array.from({ length: 8 }, (_, index) => `7916000010${String(index)}`);
const KILLS = Number(process.env['CRASH_KILLS'] ?? 20);
const REPORTERS = 8;

/**
 * The daemon and its database die again and again while shops report purchases over HTTP and subscribers send points by
 * SMS. What was acknowledged is there once; what was not is sent again and is there once too.
 */
describe('a crash', function () {
  this.timeout(240_000);
  let home: string;
  let postgres: EmbeddedPostgres;
  let smsc: Smsc;
  let daemon: DaemonProcess;

  before(async () => {
    home = await mkdtemp(path.join(tmpdir(), 'bonusgate-crash-'));
    postgres = await startEmbeddedPostgres({ home, fsync: true, clock: systemClock(), log: quietLog });
    await prepareDatabase(postgres.url);
    smsc = await startSmsc({
      port: 0,
      systemId: 'bonusgate',
      password: 'secret',
      responseTimeoutMs: 2_000,
      retryDelayMs: 200,
      maxAttempts: 1_000,
    });
    daemon = await daemonProcess({
      databaseUrl: postgres.url,
      only: 'smpp,http,jobs',
      yaml: [
        'log: { level: error }',
        'programme: { codeFrom: 1000000, transfer: { perDay: { count: 1000000, points: 1000000000 }, perMonth: { count: 1000000, points: 1000000000 } } }',
        'smpp:',
        '  reconnectMinMs: 100',
        '  smscs:',
        `    - { name: main, host: 127.0.0.1, port: ${String(smsc.port)}, systemId: bonusgate, password: secret,`,
        '        binds: [{ name: sms, moIdentity: user_message_reference }] }',
      ].join('\n'),
    });
    await daemon.start();
  });

  after(async () => {
    await daemon.stop();
    await smsc.close();
    await postgres.stop();
    await daemon.dispose();
    await rm(home, { recursive: true, force: true });
  });

  /** One request, again and again under the same key until it is acknowledged. */
  async function untilAnswered(ask: () => Promise<Response>): Promise<unknown> {
    for (;;) {
      const response = await ask().catch(() => undefined);
      if (response?.status === 200) return response.json();
      const said = await response?.text();
      if (response !== undefined && response.status < 500)
        throw new Error(`${String(response.status)}: ${said ?? ''}`);
      await pause(20);
    }
  }

  it(`kills the daemon or Postgres ${String(KILLS)} times and nothing is lost or doubled`, async () => {
    const { token } = (await daemon.control('token.create', { name: 'shop', scopes: ['events:write'] })) as {
      token: string;
    };
    for (const msisdn of PEOPLE) {
      await daemon.control('subscriber.add', { msisdn });
      await daemon.control('subscriber.adjust', { msisdn, points: '1000', reason: 'start', key: msisdn });
    }
    let running = true;
    let events = 0;
    let sent = 0;
    const report = (id: string, msisdn: string): Promise<unknown> => {
      const body = JSON.stringify({
        ...{ id, type: 'purchase', msisdn, amount: { minor: '1000', currency: 'RUB' } },
        occurredAt: new Date().toISOString(),
      });
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      return untilAnswered(() =>
        fetch(`${daemon.httpUrl}/v1/events`, {
          ...{ method: 'POST', headers, body },
          signal: AbortSignal.timeout(5_000),
        }),
      );
    };
    const reporter = async (index: number): Promise<void> => {
      for (let turn = 0; running; turn++) {
        await report(`${String(index)}-${String(turn)}`, PEOPLE[index % PEOPLE.length]!);
        events += 1;
      }
    };
    const sender = async (index: number): Promise<void> => {
      const phone = smsc.handset(PEOPLE[index]!);
      while (running) {
        const status = await phone.send(`TRANSFER ${PEOPLE[(index + 1) % PEOPLE.length]!} 1`, '1010');
        if (status.kind !== 'delivered') throw new Error(`the message ${status.kind}`);
        sent += 1;
      }
    };
    const work = Promise.all([
      ...Array.from({ length: REPORTERS }, (_, index) => reporter(index)),
      ...Array.from({ length: PEOPLE.length }, (_, index) => sender(index)),
    ]);
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const before = events;
        const isBusy = () => events > before + 20 || undefined;
        expect(await waitUntil(isBusy, { timeoutMs: 30_000 }), 'work goes on').to.equal(true);
        if (kill % 2 === 0) await killPostgres(home);
        else {
          await daemon.kill();
          await daemon.start();
        }
      }
    } finally {
      running = false;
    }
    await work;
    await verify(postgres.url, events, sent);
  });
});

/** The postmaster at once, as a power cut would; its children follow it. Its supervisor starts it again. */
async function killPostgres(home: string): Promise<void> {
  const state = JSON.parse(await readFile(path.join(home, 'postgres', 'state.json'), 'utf8')) as {
    dataFolder: string;
  };
  const file = path.join(state.dataFolder, 'postmaster.pid');
  const pidOf = async () => (await readFile(file, 'utf8').catch(() => '')).split('\n')[0];
  const pid = await pidOf();
  process.kill(Number(pid), 'SIGKILL');
  const isNew = async () => {
    const now = await pidOf();
    return (now !== '' && now !== pid) || undefined;
  };
  await waitUntil(isNew, { timeoutMs: 30_000 });
}

async function verify(url: string, events: number, sent: number): Promise<void> {
  const pool = createPool({ ...POSTGRES_DEFAULTS, url }, () => undefined);
  try {
    const [row] = await pool.query<{ earned: bigint; transfers: bigint; total: bigint }>(
      `select (select count(*) from transfer where kind = 1) as earned,
        (select count(*) from transfer where kind = 3) as transfers,
        (select sum(balance)::bigint from account where role = 1) as total`,
    );
    expect(Number(row!.earned), 'events earned once').to.equal(events);
    expect(Number(row!.transfers), 'messages transferred once').to.equal(sent);
    expect(row!.total).to.equal(BigInt(PEOPLE.length * 1000 + events));
    expect(await auditLedger(pool)).to.deep.include({
      sum: 0n,
      balanceMismatches: 0n,
      lotMismatches: 0n,
      holdMismatches: 0n,
    });
    expect(events).to.be.greaterThan(KILLS * 10);
    expect(sent).to.be.greaterThan(0);
  } finally {
    await pool.end();
  }
}
