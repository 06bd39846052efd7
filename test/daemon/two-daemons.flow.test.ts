import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { startSmsc, type SendStatus, type Smsc } from '../../simulators/smsc/smsc.ts';
import { auditLedger } from '../../src/ledger/store.ts';
import { waitUntil } from '../../src/runtime/pause.ts';
import { DAY_MS, MINUTE_MS } from '../../src/values/instant.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { daemonProcess, type DaemonProcess } from '../support/daemon-process.ts';
import { available } from '../support/daemon-state.ts';
import { faultyLink, type FaultyLink } from '../support/faulty-link.ts';
import { holdWallets } from '../support/held-wallets.ts';
import { ACCOUNT, smscYaml, textWith } from '../support/peers.ts';
import { redisUrl } from '../support/redis.ts';

const [ANNA, BORIS] = ['79160000001', '79160000002'] as const;

interface Member {
  readonly daemon: DaemonProcess;
  /** Its way to the SMSC. */
  readonly link: FaultyLink;
}

/**
 * ADR 1 on the wire: one SMSC, two daemons on one database, and kill -9 in between. The bind names no identity field,
 * so that only octets and proofs tell a repeated message from a new one.
 */
describe('two daemons and one SMSC', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let smsc: Smsc;
  let first: Member;
  let second: Member;

  before(async function () {
    const redis = redisUrl();
    if (redis === undefined) this.skip();
    database = await createTestDatabase();
    smsc = await startSmsc({ ...ACCOUNT, responseTimeoutMs: 30_000, retryDelayMs: 50, maxAttempts: 1_000 });
    const keyPrefix = `flow:${randomBytes(6).toString('hex')}:`;
    const member = async (): Promise<Member> => {
      const link = await faultyLink(smsc);
      const daemon = await daemonProcess({
        databaseUrl: database.url,
        redisUrl: redis,
        entry: 'test/support/shifted-daemon.ts',
        only: 'smpp,jobs',
        yaml: [
          'programme: { codeFrom: 1000000 }',
          `storage: { redis: { keyPrefix: '${keyPrefix}' } }`,
          'subscribers: { secret: one secret that both daemons share }',
          'notify: { pollMs: 100, retryMinMs: 100 }',
          'smpp:',
          '  enquireLinkMs: 1000',
          '  reconnectMinMs: 50',
          '  reconnectMaxMs: 100',
          '  smscs:',
          smscYaml('main', link.port, '{ name: sms }'),
        ].join('\n'),
      });
      return { daemon, link };
    };
    first = await member();
    second = await member();
    second.link.cut();
    await Promise.all([first.daemon.start(), second.daemon.start()]);
    for (const msisdn of [ANNA, BORIS]) {
      await second.daemon.control('subscriber.add', { msisdn });
      await second.daemon.control('subscriber.adjust', {
        msisdn,
        points: '1000',
        reason: 'start',
        key: msisdn,
      });
    }
  });

  after(async () => {
    if (redisUrl() === undefined) return;
    for (const { daemon, link } of [first, second]) {
      await daemon.stop();
      await daemon.dispose();
      await link.close();
    }
    await smsc.close();
    await database.drop();
  });

  afterEach(async () => {
    expect(await auditLedger(database.pool)).to.deep.include({
      sum: 0n,
      balanceMismatches: 0n,
      lotMismatches: 0n,
    });
  });

  const transfers = async (): Promise<number> => {
    const rows = await database.pool.query<{ moved: bigint }>(
      'select count(*) as moved from transfer where kind = 3',
    );
    return Number(rows[0]!.moved);
  };
  const until = async (what: string, condition: () => Promise<boolean> | boolean): Promise<void> => {
    const isSo = async () => (await condition()) || undefined;
    if ((await waitUntil(isSo, { timeoutMs: 15_000 })) === undefined) throw new Error(`never: ${what}`);
  };
  const isLatestProved = async (): Promise<boolean> => {
    const [latest] = await database.pool.query<{ proved: boolean }>(
      `select coalesce(m.received_at < s.proved_until, false) as proved
        from mo m left join smpp_session s on s.id = m.session_id order by m.received_at desc limit 1`,
    );
    return latest?.proved === true;
  };
  const send = (text: string): Promise<SendStatus> => smsc.handset(ANNA).send(text, '1010');
  const advance = (minutes: number) =>
    second.daemon.control('advance', { days: (minutes * MINUTE_MS) / DAY_MS });
  /** Only the first one is bound, with a fresh process where it died before. */
  const onlyFirst = async (): Promise<void> => {
    second.link.cut();
    first.link.mend();
    if (!first.daemon.isRunning()) await first.daemon.start();
    await until('bound', () => smsc.binds === 1);
  };
  const bindSecond = async (): Promise<void> => {
    second.link.mend();
    await until('bound', () => smsc.binds === 1);
  };

  /** The first daemon commits, its answer and its reply get lost, and it dies. */
  async function dieAfterCommit(text: string): Promise<{ sent: Promise<SendStatus> }> {
    await onlyFirst();
    first.link.swallowClient();
    const before = await transfers();
    const sent = send(text);
    await until('committed', async () => (await transfers()) > before);
    await first.daemon.kill();
    return { sent };
  }

  it('a message redelivered to the other one counts once, and its reply comes from there', async () => {
    const { sent } = await dieAfterCommit(`TRANSFER ${BORIS} 100`);
    await bindSecond();
    expect(await sent).to.deep.include({ kind: 'delivered', answers: [undefined, 0] });
    expect(await transfers()).to.equal(1);
    await advance(1);
    expect(await textWith('Done.', smsc.handset(ANNA))).to.equal(
      `Done. 100 points sent to +${BORIS}. You have 900 left.`,
    );
    expect(await available(second.daemon, BORIS)).to.equal(1100);
  });

  it('it counts once even when it is redelivered half an hour later: nobody knows that our answer arrived', async () => {
    const before = await transfers();
    const { sent } = await dieAfterCommit(`TRANSFER ${BORIS} 10`);
    await advance(30);
    await bindSecond();
    expect(await sent).to.deep.include({ kind: 'delivered', answers: [undefined, 0] });
    expect(await transfers()).to.equal(before + 1);
    await textWith('Done. 10 points', smsc.handset(ANNA));
  });

  it('it counts once when the first one died in the middle of its transaction', async () => {
    await onlyFirst();
    const before = await transfers();
    const held = await holdWallets(database.url);
    const sent = send(`TRANSFER ${BORIS} 20`);
    await held.isWaitedFor();
    await first.daemon.kill();
    await bindSecond();
    await held.isWaitedFor(2);
    await held.release();
    expect((await sent).kind).to.equal('delivered');
    expect(await transfers()).to.equal(before + 1);
    await textWith('Done. 20 points', smsc.handset(ANNA));
  });

  it('the same words again are the same message within a minute, and a new one after two', async () => {
    await bindSecond();
    const before = await transfers();
    const text = `TRANSFER ${BORIS} 30`;
    expect((await send(text)).answers).to.deep.equal([0]);
    expect((await send(text)).answers).to.deep.equal([0]);
    expect(await transfers()).to.equal(before + 1);
    await textWith('Done. 30 points', smsc.handset(ANNA));
    await until('known that our last answer arrived', isLatestProved);
    await advance(2);
    expect((await send(text)).answers).to.deep.equal([0]);
    expect(await transfers()).to.equal(before + 2);
    await textWith('Done. 30 points', smsc.handset(ANNA));
    const texts = smsc.handset(ANNA).messages.filter(({ direction }) => direction === 'in');
    expect(texts.filter(({ text: reply }) => reply.includes('Done. 30 '))).to.have.length(2);
  });
});
