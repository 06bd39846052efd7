import { expect } from 'chai';
import { BRAKES_FRESH_MS, createBrakes, type Brakes } from '../../src/controls/brakes.ts';
import { manualClock, type ManualClock } from '../../src/runtime/clock.ts';
import { createPool, POSTGRES_DEFAULTS, type PostgresPool } from '../../src/storage/postgres.ts';
import { prepareDatabase, runtimeUrl } from '../../src/storage/roles.ts';
import { waitUntil } from '../../src/runtime/pause.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { quietLog } from '../support/ledger.ts';

describe('emergency brakes', () => {
  let db: TestDatabase;
  let runtime: PostgresPool;
  let clock: ManualClock;
  const running: Brakes[] = [];

  before(async () => {
    db = await createTestDatabase();
    await prepareDatabase(db.url, 'runtime password');
    const url = runtimeUrl(db.url, 'runtime password');
    runtime = createPool({ ...POSTGRES_DEFAULTS, url }, () => undefined);
  });
  beforeEach(async () => {
    await db.pool.query('truncate brake_event');
    clock = manualClock();
  });
  afterEach(() => {
    for (const brakes of running.splice(0)) brakes.stop();
  });
  after(async () => {
    await runtime.end();
    await db.drop();
  });

  const open = async (): Promise<Brakes> => {
    const brakes = createBrakes(runtime, clock, quietLog);
    running.push(brakes);
    await brakes.start();
    return brakes;
  };
  const pull = (brakes: Brakes, engaged = true) =>
    brakes.move({ brake: 'transfers', engaged, reason: 'ring of transfers', actor: 'fraud desk' });

  it('stop this daemon at once and the others within a second', async () => {
    const [here, there] = [await open(), await open()];
    const heard: string[] = [];
    there.onChange((brake, engaged) => heard.push(`${brake} ${String(engaged)}`));
    await pull(here);
    expect(here.isEngaged('transfers')).to.equal(true);
    expect(here.isEngaged('messages')).to.equal(false);
    expect(there.isEngaged('transfers')).to.equal(false);
    clock.advance(BRAKES_FRESH_MS);
    await waitUntil(() => there.isEngaged('transfers') || undefined, { timeoutMs: 5_000 });
    expect(() => there.check('transfers'))
      .to.throw()
      .that.includes({ code: 'stopped' });
    await pull(here, false);
    clock.advance(BRAKES_FRESH_MS);
    await waitUntil(() => !there.isEngaged('transfers') || undefined, { timeoutMs: 5_000 });
    expect(heard).to.deep.equal(['transfers true', 'transfers false']);
  });

  it('are still on after a restart, and tell whoever asks later', async () => {
    await pull(await open());
    const again = await open();
    const heard: string[] = [];
    again.onChange((brake) => heard.push(brake));
    expect(heard).to.deep.equal(['transfers']);
  });

  it('keep who moved them and why, for ever', async () => {
    const brakes = await open();
    await pull(brakes);
    await pull(brakes, false);
    expect(await brakes.list()).to.deep.include.members([{ brake: 'messages', engaged: false }]);
    const [transfers] = await brakes.list();
    expect(transfers).to.include({ brake: 'transfers', engaged: false, actor: 'fraud desk' });
    const failed = await runtime.query('delete from brake_event').catch(String);
    expect(failed).to.match(/permission denied/);
  });

  it('stay on while the database does not answer', async () => {
    let down = false;
    const flaky: PostgresPool = {
      ...runtime,
      query: (text, values) => (down ? Promise.reject(new Error('down')) : runtime.query(text, values)),
    };
    const brakes = createBrakes(flaky, clock, quietLog);
    running.push(brakes);
    await brakes.start();
    await pull(brakes);
    down = true;
    clock.advance(BRAKES_FRESH_MS * 3);
    await new Promise(setImmediate);
    expect(brakes.isEngaged('transfers')).to.equal(true);
  });
});
