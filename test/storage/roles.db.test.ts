import { expect } from 'chai';
import { createPool, POSTGRES_DEFAULTS, type PostgresPool } from '../../src/storage/postgres.ts';
import {
  APPEND_ONLY_TABLES,
  prepareDatabase,
  RUNTIME_ROLE,
  runtimeUrl,
  UNCHANGING_TABLES,
} from '../../src/storage/roles.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

describe('runtime role', () => {
  let db: TestDatabase;
  let runtime: PostgresPool;

  before(async () => {
    db = await createTestDatabase();
    await prepareDatabase(db.url, 'runtime password');
    runtime = createPool(
      { ...POSTGRES_DEFAULTS, url: runtimeUrl(db.url, 'runtime password') },
      () => undefined,
    );
  });
  after(async () => {
    await runtime.end();
    await db.drop();
  });

  it('owns nothing', async () => {
    const owned = await db.pool.query('select relname from pg_class where relowner = $1::regrole', [
      RUNTIME_ROLE,
    ]);
    expect(owned).to.deep.equal([]);
  });

  it('can neither change nor delete the journal', async () => {
    for (const table of APPEND_ONLY_TABLES) {
      await runtime.query(`select count(*) from ${table}`);
      expect(await denial(`delete from ${table}`), table).to.match(/permission denied/);
      expect(await denial(`truncate ${table}`), table).to.match(/permission denied/);
      const [column] = await db.pool.query<{ name: string }>(
        "select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and attidentity = '' limit 1",
        [table],
      );
      expect(await denial(`update ${table} set ${column!.name} = ${column!.name}`), table).to.match(
        /permission denied/,
      );
    }
  });

  it('can forget a stored answer, but not change it', async () => {
    for (const table of UNCHANGING_TABLES) {
      await runtime.query(`delete from ${table} where false`);
      expect(await denial(`truncate ${table}`), table).to.match(/permission denied/);
      const [column] = await db.pool.query<{ name: string }>(
        'select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 limit 1',
        [table],
      );
      expect(await denial(`update ${table} set ${column!.name} = ${column!.name}`), table).to.match(
        /permission denied/,
      );
    }
  });

  it('keeps transfers and postings for ever', () => {
    expect(APPEND_ONLY_TABLES).to.include.members(['transfer', 'posting']);
  });

  it('changes balances, numbers ids and reads views', async () => {
    await runtime.query('update account set version = version where false');
    await runtime.query(`select nextval('ledger_serial')`);
    await runtime.query('select * from system_posting limit 1');
  });

  it('cannot change the schema or the list of migrations', async () => {
    expect(await denial('create table mine (n int)')).to.match(/permission denied/);
    expect(await denial('alter table account add column mine int')).to.match(/must be owner/);
    expect(await denial('delete from knex_migrations')).to.match(/permission denied/);
  });

  it('loses what it had on a table that became append-only', async () => {
    await db.pool.query(`grant all on transfer to ${RUNTIME_ROLE}`);
    await prepareDatabase(db.url);
    expect(await denial('delete from transfer')).to.match(/permission denied/);
  });

  it('keeps its login when prepared again without a password', async () => {
    await prepareDatabase(db.url);
    expect(await runtime.query('select 1 as one')).to.deep.equal([{ one: 1 }]);
  });

  const denial = async (text: string): Promise<string> => {
    try {
      await runtime.query(text);
    } catch (error) {
      return (error as Error).message;
    }
    return 'allowed';
  };
});
