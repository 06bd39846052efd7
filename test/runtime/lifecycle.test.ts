import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { manualClock } from '../../src/runtime/clock.ts';
import { runLifecycle, type LifecycleOptions, type Part } from '../../src/runtime/lifecycle.ts';
import { createLogger } from '../../src/runtime/log.ts';

describe('lifecycle', () => {
  let events: string[];
  let signals: EventEmitter;
  let clock: ReturnType<typeof manualClock>;

  beforeEach(() => {
    events = [];
    signals = new EventEmitter();
    clock = manualClock();
  });

  const part = (name: string, change: Partial<Part> = {}): Part => ({
    name,
    start: () => void events.push(`${name} starts`),
    stop: () => void events.push(`${name} stops`),
    ...change,
  });

  const run = (parts: Part[], change: Partial<LifecycleOptions> = {}) =>
    runLifecycle({
      parts,
      reload: () => void events.push('reload'),
      startTimeoutMs: 1_000,
      stopTimeoutMs: 1_000,
      clock,
      log: createLogger({ level: 'silent' }),
      signals,
      notify: (state) => {
        events.push(state);
        return Promise.resolve();
      },
      ...change,
    });

  it('starts in order, is ready last, and stops in exact reverse', async () => {
    const code = run([part('postgres'), part('poster'), part('smpp')]);
    await until(() => events.includes('ready'));
    signals.emit('SIGTERM');
    expect(await code).to.equal(0);
    expect(events).to.deep.equal([
      'postgres starts',
      'poster starts',
      'smpp starts',
      'ready',
      'stopping',
      'smpp stops',
      'poster stops',
      'postgres stops',
    ]);
  });

  it('waits for a draining part before it stops the next one', async () => {
    let drained: () => void = () => undefined;
    const draining = part('smpp', { stop: () => new Promise((resolve) => (drained = resolve)) });
    const code = run([part('postgres'), draining]);
    await until(() => events.includes('ready'));
    signals.emit('SIGINT');
    await until(() => events.includes('stopping'));
    expect(events).not.to.include('postgres stops');
    drained();
    expect(await code).to.equal(0);
    expect(events.at(-1)).to.equal('postgres stops');
  });

  it('goes on without a part that misses its deadline, and says so by the exit code', async () => {
    const stuck = part('ivr', { stop: () => new Promise(() => undefined), stopTimeoutMs: 5_000 });
    const code = run([part('postgres'), stuck]);
    await until(() => events.includes('ready'));
    signals.emit('SIGTERM');
    await until(() => events.includes('stopping'));
    clock.advance(4_999);
    await turns();
    expect(events).not.to.include('postgres stops');
    clock.advance(1);
    expect(await code).to.equal(1);
    expect(events.at(-1)).to.equal('postgres stops');
  });

  it('does not wait any longer when told to stop twice', async () => {
    const code = run([part('postgres'), part('ivr', { stop: () => new Promise(() => undefined) })]);
    await until(() => events.includes('ready'));
    signals.emit('SIGINT');
    signals.emit('SIGINT');
    expect(await code).to.equal(1);
  });

  it('stops what had started when a part does not start', async () => {
    const broken = part('smpp', { start: () => Promise.reject(new Error('port taken')) });
    expect(await run([part('postgres'), broken, part('http')])).to.equal(1);
    expect(events).to.deep.equal(['postgres starts', 'stopping', 'postgres stops']);
  });

  it('gives up on a part that never finishes starting', async () => {
    const code = run([part('postgres'), part('smpp', { start: () => new Promise(() => undefined) })]);
    await until(() => events.includes('postgres starts'));
    await turns();
    clock.advance(1_000);
    expect(await code).to.equal(1);
    expect(events.at(-1)).to.equal('postgres stops');
  });

  it('stops what had started when the signal comes during the start', async () => {
    const slow = part('poster', {
      start: () => {
        events.push('poster starts');
        signals.emit('SIGTERM');
      },
    });
    expect(await run([part('postgres'), slow, part('smpp')])).to.equal(0);
    expect(events).to.deep.equal([
      'postgres starts',
      'poster starts',
      'stopping',
      'poster stops',
      'postgres stops',
    ]);
  });

  it('stops the others when one fails to stop', async () => {
    const code = run([part('postgres'), part('smpp', { stop: () => Promise.reject(new Error('no')) })]);
    await until(() => events.includes('ready'));
    signals.emit('SIGTERM');
    expect(await code).to.equal(1);
    expect(events.at(-1)).to.equal('postgres stops');
  });

  it('reloads on SIGHUP and survives a reload that fails', async () => {
    let bad = true;
    const code = run([part('postgres')], {
      reload: () => {
        events.push('reload');
        if (bad) throw new Error('config has mistakes');
      },
    });
    await until(() => events.includes('ready'));
    signals.emit('SIGHUP');
    await until(() => events.filter((event) => event === 'ready').length === 2);
    bad = false;
    signals.emit('SIGHUP');
    await until(() => events.filter((event) => event === 'ready').length === 3);
    signals.emit('SIGTERM');
    expect(await code).to.equal(0);
  });

  it('goes on after an exception that nobody expected', async () => {
    const code = run([part('postgres')]);
    await until(() => events.includes('ready'));
    signals.emit('uncaughtException', new Error('bug'));
    await turns();
    expect(events).not.to.include('stopping');
    signals.emit('SIGTERM');
    expect(await code).to.equal(0);
  });

  it('leaves no signal listener behind', async () => {
    const code = run([part('postgres')]);
    await until(() => events.includes('ready'));
    signals.emit('SIGTERM');
    await code;
    expect(signals.eventNames()).to.deep.equal([]);
  });
});

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1_000 && !condition(); turn += 1) await Promise.resolve();
  expect(condition()).to.equal(true);
}
