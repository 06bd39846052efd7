import { expect } from 'chai';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { startControl, type ControlServer } from '../../../protocols/http/control.ts';
import { Refusal } from '../../../src/errors.ts';
import { manualClock } from '../../../src/runtime/clock.ts';
import { callControl } from '../../../src/runtime/control-client.ts';

describe('control socket', () => {
  const clock = manualClock();
  let folder: string;
  let socketPath: string;
  let control: ControlServer;

  const start = (at = socketPath) =>
    startControl({
      path: at,
      clock,
      log: pino({ level: 'silent' }),
      handlers: {
        echo: (args) => Promise.resolve({ args, points: 9_007_199_254_740_993n }),
        nothing: () => Promise.resolve(undefined),
        refuse: () => Promise.reject(new Refusal('points_insufficient', { available: 350n })),
        fail: () => Promise.reject(new Error('disk is full')),
        circle: () => {
          const circle: Record<string, unknown> = {};
          circle['self'] = circle;
          return Promise.resolve(circle);
        },
      },
    });

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'bg-control-'));
    socketPath = path.join(folder, 'control.sock');
    control = await start();
  });
  after(async () => {
    await control.close();
    await rm(folder, { recursive: true });
  });

  const failure = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'no failure',
      (error: unknown) => error,
    );

  it('hands arguments over and brings results back, exact points as text', async () => {
    expect(await callControl(socketPath, 'echo', { id: 7n, text: 'строка\n2' })).to.deep.equal({
      args: { id: '7', text: 'строка\n2' },
      points: '9007199254740993',
    });
    expect(await callControl(socketPath, 'nothing', undefined)).to.equal(null);
  });

  it('can be opened by its owner only', async () => {
    expect((await stat(socketPath)).mode & 0o777).to.equal(0o600);
  });

  it('brings refusals back as refusals, faults as errors', async () => {
    const refusal = await failure(callControl(socketPath, 'refuse', {}));
    expect(refusal)
      .to.be.instanceOf(Refusal)
      .and.deep.include({ code: 'points_insufficient', detail: { available: '350' } });
    expect(await failure(callControl(socketPath, 'fail', {}))).to.have.property('message', 'disk is full');
    expect(await failure(callControl(socketPath, 'circle', {}))).to.be.instanceOf(Error);
  });

  it('knows its commands and nothing inherited', async () => {
    for (const name of ['explode', 'toString', '__proto__', 'constructor']) {
      expect(await failure(callControl(socketPath, name, {})))
        .to.have.property('message')
        .that.includes(`"${name}"`);
    }
  });

  it('says that no daemon runs, and how to start one', async () => {
    const absent = path.join(folder, 'absent.sock');
    const error = await failure(callControl(absent, 'echo', {}));
    expect(error)
      .to.include({ name: 'NoDaemon' })
      .and.have.property('message')
      .that.includes('bonusgate run');
  });

  it('refuses to start beside a living daemon, and takes over from a dead one', async () => {
    expect(await failure(start()))
      .to.have.property('message')
      .that.includes('another daemon');
    const stale = path.join(folder, 'stale.sock');
    await writeFile(stale, '');
    const second = await start(stale);
    expect(await callControl(stale, 'nothing', {})).to.equal(null);
    await second.close();
  });

  it('names a path that is too long for a socket', async () => {
    const error = await failure(start(path.join(folder, 'x'.repeat(120))));
    expect(error).to.have.property('message').that.includes('shorter state folder');
  });

  it('answers or cuts noise, silence and endless lines, and serves on', async () => {
    const say = async (octets: string): Promise<string> => {
      const socket = connect(socketPath);
      const chunks: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.on('error', () => undefined);
      socket.write(octets);
      await once(socket, 'close');
      return Buffer.concat(chunks).toString();
    };
    for (const noise of ['\n', '{\n', 'null\n', '[]\n', '{"name":7}\n', '\u0000\n', 'x'.repeat(1_100_000)]) {
      expect(await say(noise)).to.include('"malformed"');
    }
    const silent = connect(socketPath);
    await once(silent, 'connect');
    // Answered later than the silent one was accepted.
    await callControl(socketPath, 'nothing', {});
    clock.advance(5_000);
    await once(silent, 'close');
    expect(await callControl(socketPath, 'nothing', {})).to.equal(null);
  });
});
