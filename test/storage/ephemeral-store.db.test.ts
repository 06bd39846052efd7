import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { Fault } from '../../src/errors.ts';
import { manualClock, type ManualClock } from '../../src/runtime/clock.ts';
import type { EphemeralStore } from '../../src/storage/ephemeral.ts';
import { createInProcessStore } from '../../src/storage/in-process-store.ts';
import { openRedisStore, REDIS_DEFAULTS } from '../../src/storage/redis-store.ts';
import { instant, later, type Instant } from '../../src/values/instant.ts';
import { redisUrl } from '../support/redis.ts';

type Open = (clock: ManualClock) => Promise<EphemeralStore>;

const openRedis: Open = (clock) =>
  openRedisStore({
    ...REDIS_DEFAULTS,
    url: redisUrl()!,
    clock,
    keyPrefix: `test:${randomUUID()}:`,
    onAvailable: () => undefined,
  });

contract(
  'in-process',
  (clock) => Promise.resolve(createInProcessStore(clock)),
  () => true,
);
contract('Redis', openRedis, () => redisUrl() !== undefined);

function contract(name: string, open: Open, usable: () => boolean): void {
  describe(`ephemeral store (${name})`, () => {
    let clock: ManualClock;
    let store: EphemeralStore;
    let soon: Instant;

    before(function () {
      if (!usable()) this.skip();
    });
    beforeEach(async () => {
      clock = manualClock();
      soon = later(clock.now(), 700);
      store = await open(clock);
    });
    afterEach(() => store.close());

    it('finds nothing under a key that was never used', async () => {
      expect(await store.find('a')).to.equal(undefined);
    });

    it('stores a value once when two start the same dialogue', async () => {
      const versions = await Promise.all([1, 2, 3].map((n) => store.put('a', `by ${n}`, soon, 0)));
      expect(versions.filter((version) => version !== undefined)).to.have.length(1);
      expect((await store.find('a'))?.version).to.equal(versions.find((version) => version !== undefined));
    });

    it('lets exactly one of two writers with the same version win', async () => {
      const first = (await store.put('a', 'menu', soon, 0))!;
      const [left, right] = await Promise.all([
        store.put('a', 'left', soon, first),
        store.put('a', 'right', soon, first),
      ]);
      expect([left, right].filter((version) => version === undefined)).to.have.length(1);
      expect((await store.find('a'))?.value).to.equal(left === undefined ? 'right' : 'left');
    });

    it('refuses a version that is no longer there', async () => {
      const first = (await store.put('a', '1', soon, 0))!;
      const second = await store.put('a', '2', soon, first);
      expect(second).to.be.above(first);
      expect(await store.put('a', '3', soon, first)).to.equal(undefined);
      expect((await store.find('a'))?.value).to.equal('2');
    });

    it('never takes a new value for a removed one of the same key', async () => {
      const old = (await store.put('a', 'old', soon, 0))!;
      await store.remove('a');
      await store.put('a', 'new', soon, 0);
      expect(await store.put('a', 'late write of the old dialogue', soon, old)).to.equal(undefined);
    });

    it('forgets a value at the moment it expires, by the clock port', async () => {
      await store.put('a', 'menu', soon, 0);
      clock.advance(699);
      expect((await store.find('a'))?.value).to.equal('menu');
      clock.advance(1);
      expect(await store.find('a')).to.equal(undefined);
      expect(await store.put('a', 'again', later(clock.now(), 1_000), 0)).to.be.a('number');
    });

    it('replaces whatever is there', async () => {
      const first = await store.replace('a', '1', soon);
      const second = await store.replace('a', '2', soon);
      expect(second).to.be.above(first);
      expect(await store.find('a')).to.deep.equal({ value: '2', version: second });
    });

    it('counts every caller once and starts anew when the window ends', async () => {
      const counts = await Promise.all(Array.from({ length: 20 }, () => store.increment('a', soon)));
      expect(counts.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 20 }, (_, index) => index + 1));
      clock.advance(699);
      expect(await store.increment('a', later(clock.now(), 60_000)), 'the first one fixed the end').to.equal(
        21,
      );
      clock.advance(1);
      expect(await store.increment('a', later(clock.now(), 1_000))).to.equal(1);
    });

    it('keeps counters and values apart, and removes both', async () => {
      await store.increment('a', soon);
      await store.put('a', 'value', soon, 0);
      expect(await store.increment('a', soon)).to.equal(2);
      await store.remove('a');
      expect(await store.find('a')).to.equal(undefined);
      expect(await store.increment('a', soon)).to.equal(1);
    });

    it('keeps every character of a value', async () => {
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 200 }), async (value) => {
          await store.replace('text', value, soon);
          expect((await store.find('text'))?.value).to.equal(value);
        }),
        { numRuns: 50 },
      );
    });
  });
}

describe('in-process store', () => {
  it('frees what lapsed, so that a day of dialogues does not stay in memory', async () => {
    const clock = manualClock();
    const store = createInProcessStore(clock);
    for (let n = 0; n < 1_000; n += 1) await store.put(`dialogue ${n}`, 'x', instant(clock.now() + 500), 0);
    clock.advance(5_000);
    // A swept key is absent for the model too; what matters is that the sweep does not touch a living one.
    await store.put('alive', 'x', later(clock.now(), 60_000), 0);
    clock.advance(5_000);
    expect((await store.find('alive'))?.value).to.equal('x');
    await store.close();
  });
});

describe('Redis store', () => {
  it('is a fault, not a wait, when nothing listens', async () => {
    const opening = openRedisStore({
      ...REDIS_DEFAULTS,
      url: 'redis://127.0.0.1:1',
      clock: manualClock(),
      onAvailable: () => undefined,
    });
    const error = await opening.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(Fault);
  });
});
