import { expect } from 'chai';
import { Fault } from '../../src/errors.ts';
import { manualClock, type ManualClock } from '../../src/runtime/clock.ts';
import { createLogger } from '../../src/runtime/log.ts';
import { waitUntil } from '../../src/runtime/pause.ts';
import { takeDaemonLock, type DaemonLock, type DaemonLockOptions } from '../../src/storage/single-daemon.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const complaints: string[] = [];
const log = createLogger({ level: 'error', destination: { write: (line) => void complaints.push(line) } });

describe('daemon lock', () => {
  let db: TestDatabase;
  let clock: ManualClock;
  const locks: DaemonLock[] = [];

  before(async () => {
    db = await createTestDatabase();
  });
  after(() => db.drop());
  beforeEach(() => {
    clock = manualClock();
  });
  afterEach(async () => {
    for (const lock of locks.splice(0)) await lock.release();
  });

  const take = async (redis?: DaemonLockOptions['redis']) => {
    const lock = await takeDaemonLock({ url: db.url, clock, log, ...(redis === undefined ? {} : { redis }) });
    locks.push(lock);
    return lock;
  };

  it('refuses a second daemon without Redis', async () => {
    await take();
    expect(await faultOf(take())).to.match(/a second one needs storage\.redisUrl/);
  });

  it('lets the next daemon in when the first one is gone', async () => {
    await (await take()).release();
    expect((await take()).held()).to.equal(true);
  });

  it('refuses a daemon with Redis beside one without, and the other way round', async () => {
    const alone = await take();
    expect(await faultOf(take(redis('r1')))).to.match(/a daemon without Redis runs/);
    await alone.release();
    await take(redis('r1'));
    expect(await faultOf(take())).to.match(/another daemon runs/);
  });

  it('lets several daemons share one Redis', async () => {
    const shared = redis('r1');
    await take(shared);
    expect((await take(shared)).held()).to.equal(true);
  });

  it('refuses a daemon that was pointed at another Redis', async () => {
    await take(redis('r1'));
    expect(await faultOf(take(redis('r2')))).to.match(/not the one that the other daemons/);
  });

  it('accepts another Redis once no daemon uses the old one', async () => {
    await (await take(redis('r1'))).release();
    expect((await take(redis('r2'))).held()).to.equal(true);
  });

  it('gives an emptied Redis its identity back', async () => {
    const emptied = redis('r1');
    await take(emptied);
    emptied.identity = undefined;
    expect((await take(emptied)).held()).to.equal(true);
  });

  it('is still held while Redis is down, and lost when another Redis answers instead', async () => {
    const shared = redis('r1');
    const lock = await take(shared);
    const asked = { count: 0 };
    shared.claimIdentity = () => {
      asked.count += 1;
      return Promise.reject(new Error('down'));
    };
    clock.advance(5_000);
    await waitUntil(() => (asked.count > 0 ? true : undefined), { timeoutMs: 10_000 });
    await db.pool.query('select 1');
    expect(lock.held()).to.equal(true);
    shared.claimIdentity = () => Promise.resolve('r2');
    const lost = await waitUntil(
      () => {
        clock.advance(5_000);
        return lock.held() ? undefined : true;
      },
      { timeoutMs: 10_000 },
    );
    expect(lost).to.equal(true);
  });

  it('is not held while its connection is gone, and is taken again', async () => {
    const lock = await take();
    await db.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'bonusgate daemon lock' and datname = current_database()`,
    );
    expect(await waitUntil(() => (lock.held() ? undefined : true), { timeoutMs: 5_000 })).to.equal(true);
    clock.advance(5_000);
    expect(await waitUntil(() => (lock.held() ? true : undefined), { timeoutMs: 5_000 })).to.equal(true);
  });

  it('stays lost when another daemon took it meanwhile', async () => {
    const lock = await take();
    await db.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'bonusgate daemon lock' and datname = current_database()`,
    );
    await waitUntil(() => (lock.held() ? undefined : true), { timeoutMs: 5_000 });
    const other = await waitUntil(() => take().catch(() => undefined), { timeoutMs: 5_000 });
    expect(other?.held()).to.equal(true);
    const before = complaints.length;
    clock.advance(5_000);
    await waitUntil(() => (complaints.length > before ? true : undefined), { timeoutMs: 10_000 });
    expect(lock.held()).to.equal(false);
  });
});

/** What single-daemon needs of a Redis: one remembered name. The real one is tested in ephemeral-store. */
function redis(identity: string) {
  const remembered = {
    identity: identity as string | undefined,
    claimIdentity: (proposed: string) => Promise.resolve((remembered.identity ??= proposed)),
  };
  return remembered;
}

async function faultOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(Fault);
  return (error as Fault).message;
}
