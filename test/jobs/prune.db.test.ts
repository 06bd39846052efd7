import { expect } from 'chai';
import { prune } from '../../src/jobs/prune.ts';
import { earn } from '../../src/ledger/decide/earn.ts';
import { placeHold } from '../../src/ledger/decide/hold.ts';
import { fillPool } from '../../src/ledger/decide/pool.ts';
import { NEVER } from '../../src/ledger/lots.ts';
import { OUTBOX_STATE } from '../../src/ledger/records.ts';
import { clientRequest, scopedRequest } from '../../src/ledger/request-key.ts';
import { auditLedger, openPool } from '../../src/ledger/store.ts';
import { prepare } from '../../src/bonus/prepare.ts';
import { manualClock, systemClock } from '../../src/runtime/clock.ts';
import { retentionConfig, type RetentionConfig } from '../../src/runtime/config/retention.ts';
import { registry } from '../../src/runtime/metrics.ts';
import { createPool, POSTGRES_DEFAULTS, type PostgresPool } from '../../src/storage/postgres.ts';
import { prepareDatabase, runtimeUrl } from '../../src/storage/roles.ts';
import { DAY_MS } from '../../src/values/instant.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { newRequest, openTestLedger, openWallets, wallet, type TestLedger } from '../support/ledger.ts';
import { insertOutbox } from '../support/outbox.ts';

const NOW = 1_760_000_000_000;
const MEMBER = 21;
const STOCK = 7;

describe('the retention job', () => {
  let db: TestDatabase;
  let runtime: PostgresPool;
  let config: RetentionConfig;

  before(async () => {
    db = await createTestDatabase();
    await prepareDatabase(db.url, 'runtime password');
    const url = runtimeUrl(db.url, 'runtime password');
    runtime = createPool({ ...POSTGRES_DEFAULTS, url }, () => undefined);
  });
  beforeEach(async () => {
    config = retentionConfig.parse({});
    await db.pool.query('truncate request, mo, pending, outbox, sms_part');
  });
  after(async () => {
    await runtime.end();
    await db.drop();
  });

  const ago = (days: number): Date => new Date(NOW - days * DAY_MS);
  /** As the daemon runs it, under its own role. */
  const run = (change: Partial<Parameters<typeof prune>[0]> = {}) =>
    prune({
      db: runtime,
      clock: manualClock(NOW),
      offsetMs: () => 0,
      config,
      isStopping: () => false,
      ...change,
    });
  const octets = (serial: number): Buffer => Buffer.alloc(16, serial);
  const request = (serial: number, at: Date, operation = 'test', by: Pick<PostgresPool, 'query'> = db.pool) =>
    by.query(
      `insert into request (home, key, content_hash, trace, channel, actor, operation, outcome, at)
       values ($1, $2, $2, $2, 5, 'test', $4, '{}', $3)`,
      [serial, octets(serial), at, operation],
    );
  const mo = (serial: number, firstAt: Date, receivedAt = firstAt) =>
    db.pool.query(
      `insert into mo (home, fingerprint, first_at, received_at, session_id, request_key)
       values ($1, $2, $3, $4, gen_random_uuid(), $2)`,
      [serial, octets(serial), firstAt, receivedAt],
    );
  const pending = (serial: number, expiresAt: Date, state = 0) =>
    db.pool.query(
      `insert into pending (home, id, account, command, state, expires_at) values ($1, $2, 16, '{}', $4, $3)`,
      [serial, octets(serial), expiresAt, state],
    );
  const message = async (id: number, doneDaysAgo: number | null, state: number = OUTBOX_STATE.sent) => {
    await insertOutbox(db.pool, { id, home: id, createdAt: NOW - 40 * DAY_MS });
    const done = doneDaysAgo === null ? null : ago(doneDaysAgo);
    await db.pool.query('update outbox set state = $2, done_at = $3 where id = $1', [id, state, done]);
  };
  const part = (outbox: number, sentAt: Date) =>
    db.pool.query(
      `insert into sms_part (smsc, message_id, home, outbox_id, part, destination, sent_at)
       values ('north', $1::text, $1::int, $1::int, 1, '79160000001', $2)`,
      [outbox, sentAt],
    );
  const left = async (table: string, column = 'home'): Promise<number[]> => {
    const rows = await db.pool.query<{ at: number | bigint }>(
      `select ${column} as at from ${table} order by 1`,
    );
    return rows.map(({ at }) => Number(at));
  };

  it('removes answers after 64 days, not a moment earlier', async () => {
    await request(1, new Date(NOW - 64 * DAY_MS - 1));
    await request(2, ago(64));
    await request(3, ago(0));
    expect(await run()).to.deep.equal({ request: 1, mo: 0, pending: 0, sms_part: 0, outbox: 0 });
    expect(await left('request')).to.deep.equal([2, 3]);
  });

  it('cannot be told to forget an answer while its key is good', async () => {
    expect(retentionConfig.safeParse({ requestDays: 63 }).success).to.equal(false);
    await request(1, ago(63));
    const failed = await run({ config: { ...config, requestDays: 62 } }).catch(String);
    expect(failed).to.contain('a request outlives its key');
    expect(await left('request')).to.deep.equal([1]);
  });

  it('never forgets that the stock of a pool was filled', async () => {
    await request(1, ago(1_000), 'fill_pool');
    await request(2, ago(1_000), 'earn');
    await run();
    expect(await left('request')).to.deep.equal([1]);
  });

  it('keeps a fingerprint by its latest delivery', async () => {
    await mo(1, ago(5));
    await mo(2, ago(5), ago(1));
    await mo(3, ago(1));
    await run();
    expect(await left('mo')).to.deep.equal([2, 3]);
  });

  it('removes what waited for a confirmation a week after its time, whatever became of it; never before', async () => {
    await pending(1, ago(8));
    await pending(2, ago(8), 1);
    await pending(3, ago(6));
    await pending(4, new Date(NOW + DAY_MS));
    await run();
    expect(await left('pending')).to.deep.equal([3, 4]);
  });

  it('removes messages that ended, with their parts, and no message that is still to be sent', async () => {
    const { open, ...ends } = OUTBOX_STATE;
    for (const [at, state] of Object.values(ends).entries()) await message(10 + at, 31, state);
    await message(1, null, open);
    await message(2, 29);
    for (const id of [1, 2, 10]) await part(id, ago(31));
    await part(11, ago(29));
    const removed = await run();
    expect(removed.outbox).to.equal(Object.keys(ends).length);
    expect(await left('outbox')).to.deep.equal([1, 2]);
    expect(await left('sms_part', 'outbox_id')).to.deep.equal([1, 11]);
  });

  it('follows the configured days', async () => {
    config = retentionConfig.parse({ requestDays: 100, moDays: 10, pendingDays: 20, messageDays: 50 });
    await request(1, ago(99));
    await mo(1, ago(9));
    await pending(1, ago(19));
    await message(1, 35);
    await part(1, ago(49));
    expect(await run()).to.deep.equal({ request: 0, mo: 0, pending: 0, sms_part: 0, outbox: 0 });
  });

  it('works in chunks until nothing is left, and stops between two of them when told to', async () => {
    config = { ...config, chunk: 10 };
    const count = 45;
    for (let serial = 1; serial <= count; serial++) await request(serial, ago(70));
    let asked = 0;
    expect((await run({ isStopping: () => ++asked > 2 })).request).to.equal(20);
    expect(await left('request')).to.have.length(25);
    expect((await run()).request).to.equal(25);
    expect((await run()).request).to.equal(0);
  });

  it('counts what it removed by table', async () => {
    const counted = async (): Promise<number> => {
      const { values } = await registry.getSingleMetric('bonusgate_pruned_rows_total')!.get();
      return values.find(({ labels }) => labels['table'] === 'mo')?.value ?? 0;
    };
    const before = await counted();
    await mo(1, ago(5));
    await mo(2, ago(5));
    await run();
    expect(await counted()).to.equal(before + 2);
  });

  it('believes the earlier of two clocks', async () => {
    await request(1, ago(10));
    const soon = Date.now() + 100 * DAY_MS;
    await request(2, new Date(soon - 70 * DAY_MS));
    // Ours has jumped ahead: the database's decides, and by that only the first is old.
    await run({ clock: manualClock(soon) });
    expect(await left('request')).to.deep.equal([2]);
    // The demo moves both.
    await run({ clock: manualClock(soon), offsetMs: () => 100 * DAY_MS });
    expect(await left('request')).to.deep.equal([]);
  });

  it('passes over a row that somebody holds, without waiting, and takes it the next time', async () => {
    await mo(1, ago(5));
    await mo(2, ago(5));
    await db.pool.transaction(async (tx) => {
      await tx.query('select 1 from mo where home = 1 for update');
      expect((await run()).mo).to.equal(1);
    });
    expect(await left('mo')).to.deep.equal([1]);
    expect((await run()).mo).to.equal(1);
  });

  it('loses nothing to the order of commits: an old row that commits late is found the next time', async () => {
    await request(1, ago(70));
    await db.pool.transaction(async (tx) => {
      await request(2, ago(70), 'test', tx);
      expect((await run()).request).to.equal(1);
    });
    expect(await left('request')).to.deep.equal([2]);
    expect((await run()).request).to.equal(1);
  });

  it('leaves the work to the daemon that has begun it', async () => {
    await request(1, ago(70));
    await db.pool.transaction(async (tx) => {
      await tx.query('select pg_advisory_xact_lock(7201004)');
      expect((await run()).request).to.equal(0);
    });
    const both = await Promise.all([run(), run()]);
    expect(both[0].request + both[1].request).to.equal(1);
  });

  describe('years later', () => {
    let ledger: TestLedger;
    const YEARS_MS = 900 * DAY_MS;

    before(async () => {
      ledger = await openTestLedger(db);
      await openWallets(db.pool, [MEMBER]);
      await openPool(db.pool, STOCK);
    });
    after(() => ledger.close(1_000));

    it('leaves wallets, holds, transfers and postings as they were', async () => {
      const points = earn({
        to: wallet(MEMBER),
        points: 100n,
        classId: ledger.earned,
        expiresAt: () => NEVER,
        from: 'issue',
        kind: 'earn',
        debtSharePpm: 0n,
      });
      await ledger.run(points, clientRequest('test', 'shop 1'));
      await ledger.run(placeHold({ from: wallet(MEMBER), points: 40n, ttlMs: 2 * YEARS_MS }));
      await ledger.run(
        prepare({
          wallet: wallet(MEMBER),
          pendingId: octets(9),
          codeHash: null,
          action: { kind: 'transfer', to: '22', points: '1', fee: '0' },
          ttlMs: 2 * YEARS_MS,
        }),
      );
      await ledger.run(fillPool(STOCK, 32n), { ...scopedRequest('stock', 'one'), operation: 'fill_pool' });
      const contents = async () =>
        Promise.all(
          ['account', 'hold', 'transfer', 'posting', 'pending'].map((table) =>
            db.pool.query(`select * from ${table} order by 1, 2, 3`),
          ),
        );
      const before = await contents();
      const removed = await run({ clock: systemClock(() => YEARS_MS), offsetMs: () => YEARS_MS });
      expect(removed).to.deep.equal({ request: 3, mo: 0, pending: 0, sms_part: 0, outbox: 0 });
      expect(await contents()).to.deep.equal(before);
      expect(await auditLedger(db.pool)).to.deep.include({
        sum: 0n,
        balanceMismatches: 0n,
        holdMismatches: 0n,
      });
    });

    it('does not give points again under a key whose row is gone', async () => {
      const one = {
        ...earn({
          to: wallet(MEMBER),
          points: 5n,
          classId: ledger.earned,
          expiresAt: () => NEVER,
          from: 'issue',
          kind: 'earn',
          debtSharePpm: 0n,
        }),
        request: { ...newRequest(), ...clientRequest('events shop', 'order-1', Date.now()) },
      };
      expect(await ledger.post(one)).to.deep.include({ replayed: false });
      expect(await ledger.post(one)).to.deep.include({ replayed: true });
      ledger.advance(YEARS_MS);
      await run({ clock: systemClock(() => YEARS_MS), offsetMs: () => YEARS_MS });
      expect(await ledger.post(one)).to.deep.equal({
        kind: 'posted',
        verdict: { kind: 'refused', code: 'idempotency_key_expired', detail: {} },
        replayed: false,
      });
    });
  });

  describe('and the block ranges it reads by', () => {
    const fill = (first = 1) =>
      db.pool.query(
        `insert into request (home, key, content_hash, trace, channel, actor, operation, outcome, at)
         select i % 1024, decode(md5(i::text), 'hex'), '', '', 5, 'test', 'test', '{}', $1
           from generate_series($2::int, $2::int + 9999) i`,
        [ago(1), first],
      );
    const summarizeAsOwner = async (): Promise<number> => {
      const rows = await db.pool.query<{ ranges: number }>(
        `select brin_summarize_new_values('request_by_age') as ranges`,
      );
      return rows[0]!.ranges;
    };

    it('leaves none of them to be read row by row', async () => {
      await fill();
      await run();
      expect(await summarizeAsOwner()).to.equal(0);
      await fill(10_001);
      expect(await summarizeAsOwner(), 'new ones').to.be.above(0);
    });

    it('waits for nobody who holds the table', async () => {
      await fill();
      await db.pool.transaction(async (tx) => {
        await tx.query('lock table request in share update exclusive mode');
        await run();
      });
      expect(await summarizeAsOwner()).to.be.above(0);
    });
  });
});
