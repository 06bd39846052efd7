import { rm } from 'node:fs/promises';
import { expect } from 'chai';
import { exchange } from '../protocols/icap/icap-client.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { daemonProcess, type DaemonProcess } from '../support/daemon-process.ts';
import { available, readiness, untilLogged } from '../support/daemon-state.ts';
import { startPeers, textWith, type TestPeers } from '../support/peers.ts';

const [ANNA, BORIS] = ['79160000001', '79160000002'] as const;

/** The lines above `programme` are those of daemonProcess: ports, one a line. */
const PROGRAMME_LINE = 5;

interface Wanted {
  readonly programme: string;
  readonly level?: string;
  /** Only a restart changes it. */
  readonly triesMax?: number;
}

describe('a daemon that gets SIGHUP', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let peers: TestPeers;
  let daemon: DaemonProcess;

  const yaml = ({ programme, level = 'info', triesMax = 3 }: Wanted): string =>
    [
      `programme: ${programme}`,
      `log: { level: ${level} }`,
      `ussd: { triesMax: ${String(triesMax)} }`,
      peers.yaml,
    ].join('\n');
  /** Resolves when a message is answered by a text with these words. */
  const ask = async (text: string, words: string): Promise<string> => {
    const phone = peers.smsc.handset(ANNA);
    await phone.send(text, '1010');
    return textWith(words, phone);
  };
  /** Sends SIGHUP and waits for the line that tells how it ended. */
  const reload = (phrase: string): ReturnType<typeof untilLogged> => {
    const from = daemon.log().length;
    daemon.signal('SIGHUP');
    return untilLogged(daemon, phrase, from);
  };
  const refusal = async (): Promise<string> => {
    const { err } = await reload('reload failed, nothing was changed');
    return (err as { message: string }).message;
  };

  before(async () => {
    database = await createTestDatabase();
    peers = await startPeers();
    daemon = await daemonProcess({
      databaseUrl: database.url,
      yaml: yaml({ programme: '{ codeFrom: 1000000 }', level: 'error' }),
    });
    await daemon.start();
    await peers.bound();
    for (const msisdn of [ANNA, BORIS]) {
      await daemon.control('subscriber.add', { msisdn });
      await daemon.control('subscriber.adjust', { msisdn, points: '1000', reason: 'start', key: msisdn });
    }
  });

  after(async () => {
    await daemon.stop();
    await daemon.dispose();
    await peers.close();
    await database.drop();
  });

  it('goes by the new values of what can be reloaded, and names what waits for a restart', async () => {
    await ask(`TRANSFER ${BORIS} 10`, 'Done. 10 points sent');
    await daemon.configure(yaml({ programme: '{ codeFrom: 11, transfer: { pointsMin: 5 } }', triesMax: 5 }));
    const { changed, needsRestart } = await reload('configuration reloaded');
    expect(changed).to.have.members(['programme.codeFrom', 'programme.transfer.pointsMin', 'log.level']);
    expect(needsRestart).to.deep.equal(['ussd.triesMax']);
    expect(await ask(`TRANSFER ${BORIS} 11`, 'To confirm')).to.match(/To confirm, reply \d{4}/);
    await ask(`TRANSFER ${BORIS} 4`, 'The least you can send is 5 points');
    expect(await available(daemon, ANNA)).to.equal(990);
  });

  const mistakes = [
    [
      'a key that does not exist',
      '{ codeFrm: 1, transfer: { pointsMin: 900 } }',
      'programme.codeFrm: unknown key; did you mean "codeFrom"?',
    ],
    [
      'a value that is none',
      '{ codeFrom: 1, transfer: { pointsMin: many } }',
      'programme.transfer.pointsMin: must be',
    ],
    [
      'values that contradict each other',
      '{ codeFrom: 1, transfer: { pointsMin: 900, pointsMax: 800 } }',
      'programme.transfer.pointsMax: must not be below pointsMin (900)',
    ],
    [
      'YAML that is none',
      '{ codeFrom: 1, codeFrom: 2, transfer: { pointsMin: 900 } }',
      ': Map keys must be unique',
    ],
  ] as const;
  mistakes.forEach(([what, programme, message], index) => {
    it(`changes nothing for ${what}, and names file, line and key`, async () => {
      await daemon.configure(yaml({ programme }));
      const told = await refusal();
      expect(told.startsWith(`${daemon.configFile}:${String(PROGRAMME_LINE)}:`), told).to.equal(true);
      expect(told).to.contain(message);
      // Another amount each time: the same words again would be the same message.
      const points = String(5 + index);
      await ask(`TRANSFER ${BORIS} ${points}`, `Done. ${points} points sent`);
    });
  });

  it('changes nothing when its file is gone, and goes on', async () => {
    await rm(daemon.configFile);
    expect(await refusal()).to.equal(`${daemon.configFile}:1:1: no such file`);
    expect((await readiness(daemon)).status).to.equal(200);
  });

  it('logs at the new level, also what was made before: this bind began at level error', async () => {
    const from = daemon.log().length;
    peers.smsc.cutMidPdu();
    expect(await untilLogged(daemon, 'smpp bound', from)).to.include({ smsc: 'main', bind: 'sms' });
    await daemon.configure(yaml({ programme: '{ codeFrom: 11 }', level: 'debug' }));
    await reload('configuration reloaded');
    await exchange(daemon.ports.icap, ['\0?\r\n\r\n']);
    expect(await untilLogged(daemon, 'icap framing refused')).to.have.property('icapWorker');
  });
});
