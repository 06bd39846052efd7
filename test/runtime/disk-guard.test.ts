import { tmpdir } from 'node:os';
import { expect } from 'chai';
import { manualClock } from '../../src/runtime/clock.ts';
import { createDiskGuard } from '../../src/runtime/disk-guard.ts';
import { createLogger } from '../../src/runtime/log.ts';

const MB = 2 ** 20;
const log = createLogger({ level: 'silent' });
const limits = () => ({ stopBelowMb: 500, resumeAboveMb: 700 });

/** A guard whose disk is a list of answers, one per look. */
function guardOver(answers: (number | Error)[]) {
  const clock = manualClock();
  const guard = createDiskGuard({
    folder: '/data',
    limits,
    checkEveryMs: 1_000,
    clock,
    log,
    freeBytes: () => {
      const answer = answers.shift();
      if (answer === undefined) return new Promise(() => undefined);
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  });
  const look = async () => {
    clock.advance(1_000);
    // Each look ends in promises only.
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  };
  return { guard, look };
}

describe('disk guard', () => {
  it('closes intake below the limit and opens it only above the higher one', async () => {
    const { guard, look } = guardOver([500 * MB, 499 * MB, 600 * MB, 700 * MB, 701 * MB, 600 * MB]);
    await guard.start();
    const seen = [guard.intakeOpen()];
    for (let index = 0; index < 5; index += 1) {
      await look();
      seen.push(guard.intakeOpen());
    }
    expect(seen).to.deep.equal([true, false, false, false, true, true]);
  });

  it('keeps its answer while it cannot look', async () => {
    const { guard, look } = guardOver([1 * MB, new Error('gone'), 900 * MB]);
    await guard.start();
    await look();
    expect(guard.intakeOpen()).to.equal(false);
    await look();
    expect(guard.intakeOpen()).to.equal(true);
  });

  it('asks the real disk', async () => {
    const guard = createDiskGuard({
      folder: tmpdir(),
      limits: () => ({ stopBelowMb: 1e9, resumeAboveMb: 1e9 }),
      checkEveryMs: 1_000,
      clock: manualClock(),
      log,
    });
    await guard.start();
    expect(guard.intakeOpen(), 'no disk has a petabyte free').to.equal(false);
    guard.stop();
  });
});
