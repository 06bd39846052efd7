import { expect } from 'chai';
import { claimDue, renewLeases, writeSettlements } from '../../src/notify/store.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertOutbox } from '../support/outbox.ts';

const NOW = 1_760_000_000_000;

describe('the outbox in the database', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());
  beforeEach(() => database.pool.query('truncate outbox, sms_part'));

  const claim = (limit = 10, now = NOW) =>
    claimDue(database.pool, { owner: 8, priority: 0, now, leaseUntil: now + 30_000, limit });

  it('gives due rows, oldest first, and each to one owner', async () => {
    for (const id of [1, 2, 3]) await insertOutbox(database.pool, { id, createdAt: NOW - id });
    await insertOutbox(database.pool, { id: 4, createdAt: NOW, dueAt: NOW + 1 });
    expect((await claim(2)).map(({ id }) => id)).to.deep.equal([3, 2]);
    expect((await claim()).map(({ id }) => id)).to.deep.equal([1]);
    expect(await claim()).to.deep.equal([]);
  });

  it('passes over rows that somebody else is taking, without waiting', async () => {
    for (const id of [1, 2]) await insertOutbox(database.pool, { id, createdAt: NOW - id });
    await database.pool.transaction(async (tx) => {
      await tx.query('select 1 from outbox where id = 2 for update');
      expect((await claim()).map(({ id }) => id)).to.deep.equal([1]);
    });
  });

  it('brings a row back as it was written', async () => {
    const written = await insertOutbox(database.pool, {
      id: 1,
      createdAt: NOW,
      subscriber: null,
      smsc: null,
    });
    expect(await claim()).to.deep.equal([{ ...written, leaseUntil: NOW + 30_000, attempts: 0 }]);
  });

  it('renews only leases that are still its own', async () => {
    await insertOutbox(database.pool, { id: 1, createdAt: NOW }, 7);
    await insertOutbox(database.pool, { id: 2, createdAt: NOW }, 8);
    const ours = await renewLeases(database.pool, 7, NOW + 60_000, [
      { home: 1, id: 1 },
      { home: 1, id: 2 },
    ]);
    expect([...ours]).to.deep.equal(['1.1']);
  });

  it('lets an owner that lost its lease write what it sent, and nothing else', async () => {
    for (const id of [1, 2]) await insertOutbox(database.pool, { id, createdAt: NOW }, 8);
    const end = { home: 1, dueAt: null, at: NOW, parts: [] };
    const written = await writeSettlements(database.pool, 7, [
      { ...end, id: 1, state: 1 },
      { ...end, id: 2, state: 6 },
    ]);
    expect([...written]).to.deep.equal(['1.1']);
  });

  it('never changes a row that has ended', async () => {
    await insertOutbox(database.pool, { id: 1, createdAt: NOW }, 7);
    const end = { home: 1, id: 1, dueAt: null, at: NOW, parts: [] };
    await writeSettlements(database.pool, 7, [{ ...end, state: 2 }]);
    await writeSettlements(database.pool, 7, [{ ...end, state: 1 }]);
    expect(await database.pool.query('select state from outbox')).to.deep.equal([{ state: 2 }]);
  });
});
