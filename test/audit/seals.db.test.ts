import { expect } from 'chai';
import fc from 'fast-check';
import { BEFORE_ALL } from '../../src/audit/place.ts';
import { sealJournal } from '../../src/audit/sealer.ts';
import { listUnsealed } from '../../src/audit/seal-store.ts';
import { verifySeals, type Verification } from '../../src/audit/verify.ts';
import { earn } from '../../src/ledger/decide/earn.ts';
import { spend } from '../../src/ledger/decide/spend.ts';
import { NEVER } from '../../src/ledger/lots.ts';
import { manualClock } from '../../src/runtime/clock.ts';
import type { Db } from '../../src/storage/postgres.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { openTestLedger, openWallets, wallet, type TestLedger } from '../support/ledger.ts';

const NOW = 1_760_000_000_000;

describe('seals over the journal', () => {
  let db: TestDatabase;
  let ledger: TestLedger;

  before(async () => {
    db = await createTestDatabase();
    ledger = await openTestLedger(db);
    await openWallets(db.pool, [1, 2, 3]);
  });
  after(async () => {
    await ledger.close(1_000);
    await db.drop();
  });

  const seal = (rowsMax = 4) =>
    sealJournal({ pool: db.pool, clock: manualClock(NOW), isStopping: () => false, rowsMax });
  const earning = (member: number, points: bigint) =>
    ledger.run(
      earn({
        to: wallet(member),
        points,
        classId: ledger.earned,
        expiresAt: () => NEVER,
        from: 'issue',
        kind: 'earn',
        debtSharePpm: 0n,
      }),
    );
  const spending = (member: number, points: bigint) =>
    ledger.run(spend({ from: wallet(member), points, to: 'redeemed', kind: 'spend', reason: 'a cup' }));
  const count = async (text: string): Promise<bigint> =>
    (await db.pool.query<{ n: bigint }>(`select count(*) as n from ${text}`))[0]!.n;

  /** Does it as the owner, verifies, and undoes it. */
  async function tampered(
    statement: string,
    values: readonly unknown[] = [],
    anchor?: string,
  ): Promise<Verification> {
    let result: Verification | undefined;
    const undo = new Error('undo');
    await db.pool
      .transaction(async (tx: Db) => {
        const rows = await tx.query(`${statement} returning 1`, values);
        expect(rows.length).to.be.greaterThan(0, 'something was tampered with');
        result = await verifySeals(tx, anchor);
        throw undo;
      })
      .catch((error: unknown) => {
        if (error !== undo) throw error;
      });
    return result!;
  }

  it('cover every row once, in chunks, and what comes later', async () => {
    for (let round = 1n; round <= 5n; round++) {
      await Promise.all([1, 2, 3].map((member) => earning(member, round * 10n)));
      await spending(1, round);
      if (round === 3n) await seal();
    }
    await seal();
    const verification = await verifySeals(db.pool);
    expect(verification).to.deep.include({ intact: true, unsealed: 0n, rows: 40n });
    expect(await count('transfer')).to.equal(20n);
    expect(verification.seals >= 10n).to.equal(true);
    expect(await seal()).to.equal(undefined);
  });

  it('leave alone what a running transaction could still come before', async () => {
    const before = await verifySeals(db.pool);
    await db.pool.transaction(async (tx) => {
      // Has a transaction id from here on, and might still write with it.
      await tx.query('select pg_current_xact_id()');
      await earning(1, 1n);
      expect(await seal()).to.equal(undefined);
      expect((await verifySeals(db.pool)).unsealed).to.equal(2n);
    });
    await seal();
    const after = await verifySeals(db.pool);
    expect(after).to.deep.include({ intact: true, unsealed: 0n, rows: before.rows + 2n });
  });

  it('read a backlog in pieces of any size as one order', async () => {
    const whole = await listUnsealed(db.pool, BEFORE_ALL, 1_000);
    for (const size of [1, 3, 7, 41]) {
      const pieces: unknown[] = [];
      for (let place = BEFORE_ALL; ;) {
        const piece = await listUnsealed(db.pool, place, size);
        if (piece.length === 0) break;
        pieces.push(...piece);
        place = piece.at(-1)!;
      }
      expect(pieces).to.deep.equal(whole);
    }
  });

  const changes = {
    transfer: {
      home: '(home + 1)::smallint',
      id: 'id + 1000000000',
      kind: '(kind + 1)::smallint',
      src: 'src - 100',
      dst: 'dst + 100',
      amount: 'amount + 1',
      slices: `slices || '\\x00'::bytea`,
      request_home: '(request_home + 1)::smallint',
      request_key: `request_key || '\\x00'::bytea`,
      reason: `coalesce(reason, '') || '.'`,
      at: `at + interval '1 microsecond'`,
      xid: `'999999999'::xid8`,
    },
    posting: {
      home: '(home + 1)::smallint',
      account: 'account + 1000',
      transfer_home: '(transfer_home + 1)::smallint',
      transfer: 'transfer + 1000000000',
      delta: 'delta * 2',
      balance_after: 'balance_after + 1',
      xid: `'1'::xid8`,
    },
  } as const;
  const keyColumns = ['home', 'id', 'account', 'transfer', 'xid'];
  const kinds = (['transfer', 'posting'] as const).flatMap((table) =>
    Object.entries(changes[table]).map(([column, value]) => ({ table, column, value })),
  );

  const rowAt = async (table: 'transfer' | 'posting', pick: number) => {
    const rows = await db.pool.query<Record<string, bigint | number | string>>(
      `select *, ctid::text as ctid from ${table} order by xid, home`,
    );
    const row = rows[pick % rows.length]!;
    const name =
      table === 'transfer'
        ? `transfer (home ${String(row['home'])}, transfer ${String(row['id'])})`
        : `posting (home ${String(row['home'])}, account ${String(row['account'])}, transfer ${String(row['transfer'])})`;
    return { ctid: row['ctid'], name };
  };

  for (const { table, column, value } of kinds) {
    it(`name the ${table} whose ${column} was changed (P20)`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat({ max: 60 }), async (pick) => {
          const { ctid, name } = await rowAt(table, pick);
          const change = `update ${table} set ${column} = ${value} where ctid = $1::tid`;
          const { intact, broken } = await tampered(change, [ctid]);
          expect(intact).to.equal(false);
          const isKey = keyColumns.includes(column);
          // A row under another key, or in another transaction, may first be met as one too many where it is now.
          if (broken?.change === 'inserted') expect(isKey).to.equal(true);
          else {
            expect(broken).to.include({ row: name });
            // Another transaction under the same seal leaves the row in its place.
            if (column !== 'xid') expect(broken?.change).to.equal(isKey ? 'removed' : 'changed');
          }
        }),
        { numRuns: 6 },
      );
    });
  }

  for (const table of ['transfer', 'posting'] as const) {
    it(`name the ${table} that was removed (P20)`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat({ max: 60 }), async (pick) => {
          const { ctid, name } = await rowAt(table, pick);
          const { broken } = await tampered(`delete from ${table} where ctid = $1::tid`, [ctid]);
          expect(broken).to.include({ change: 'removed', row: name });
        }),
        { numRuns: 10 },
      );
    });

    it(`name the ${table} that was inserted (P20)`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat({ max: 60 }), async (pick) => {
          const { ctid } = await rowAt(table, pick);
          const columns =
            table === 'transfer'
              ? 'home, id + 1000000000, kind, src, dst, amount, slices, request_home, request_key, reason, at, xid'
              : 'home, account, transfer_home, transfer + 1000000000, delta, balance_after, xid';
          // Behind the last seal a new row is simply not sealed yet.
          const sealed = `(select min(xid) from ${table})`;
          const insert = `insert into ${table} select ${columns.replace(', xid', `, ${sealed}`)} from ${table}
             where ctid = $1::tid`;
          const { broken } = await tampered(insert, [ctid]);
          expect(broken).to.include({ change: 'inserted' });
          expect(broken?.row).to.contain(`${table} (`);
        }),
        { numRuns: 10 },
      );
    });
  }

  it('name the seal that was changed, removed or cut off (P20)', async () => {
    const last = await verifySeals(db.pool);
    const flipped = (column: string): string => `set_byte(${column}, 0, 255 - get_byte(${column}, 0))`;
    const sets = [
      ...['root', 'prev_root', 'chain', 'places'].map((column) => `${column} = ${flipped(column)}`),
      ...['rows', 'kind', 'home', 'account', 'transfer'].map((column) => `${column} = ${column} + 1`),
      `sealed_at = sealed_at + interval '1 second'`,
      `xid = '1'::xid8`,
    ];
    for (let batch = 1n; batch <= last.seals; batch++) {
      const row = `ledger_seal (batch ${String(batch)})`;
      for (const set of sets) {
        const { broken } = await tampered(`update ledger_seal set ${set} where batch = $1`, [batch]);
        expect(broken, set).to.deep.equal({ batch, change: 'changed', row });
      }
      const { broken } = await tampered('delete from ledger_seal where batch = $1', [batch], last.chain);
      const isLast = batch === last.seals;
      expect(broken?.change).to.equal('removed');
      expect(broken?.row).to.equal(isLast ? 'the seal of the anchor' : row);
    }
  });

  it('refuse to go on when transaction ids began anew', async () => {
    const undo = new Error('undo');
    const failed = await db.pool
      .transaction(async (tx) => {
        await tx.query(
          `update ledger_seal set xid = '99999999999' where batch = (select max(batch) from ledger_seal)`,
        );
        const pool = { ...db.pool, transaction: <T>(work: (one: Db) => Promise<T>) => work(tx) };
        await sealJournal({ pool, clock: manualClock(NOW), isStopping: () => false }).catch(
          (error: unknown) => {
            throw new Error(String(error), { cause: undo });
          },
        );
      })
      .catch(String);
    expect(failed).to.contain('was the database restored');
  });
});
