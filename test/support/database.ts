import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { listMigrations, migrate } from '../../src/storage/migrate.ts';
import { createPool, POSTGRES_DEFAULTS, type PostgresPool } from '../../src/storage/postgres.ts';

/** A private, migrated database for one test file; dropped by `drop`. */
export interface TestDatabase {
  readonly url: string;
  readonly pool: PostgresPool;
  drop(): Promise<void>;
}

/** The server that `npm test` provides; its user may create databases. */
export function adminUrl(): string {
  const url = process.env['DATABASE_URL'];
  if (url === undefined) throw new Error('DATABASE_URL is not set: run the tests with `npm test`');
  return url;
}

/** Copies the template of the current migration state into a new database. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const template = await ensureTemplate();
  const name = `bg_test_${randomBytes(6).toString('hex')}`;
  await asAdmin((admin) => admin.query(`create database ${name} template ${template}`));
  const url = urlOf(name);
  const pool = createPool({ ...POSTGRES_DEFAULTS, url }, () => undefined);
  return {
    url,
    pool,
    drop: async () => {
      await pool.end();
      await asAdmin((admin) => admin.query(`drop database if exists ${name} with (force)`));
    },
  };
}

let template: Promise<string> | undefined;

function ensureTemplate(): Promise<string> {
  template ??= buildTemplate();
  return template;
}

async function buildTemplate(): Promise<string> {
  const name = `bg_template_${await migrationState()}`;
  await asAdmin(async (admin) => {
    // Test processes may start together; only one builds the template.
    await admin.query('select pg_advisory_lock(7201001)');
    const found = await admin.query('select 1 from pg_database where datname = $1', [name]);
    if (found.rowCount === 0) {
      await admin.query(`drop database if exists ${name}_new with (force)`);
      await admin.query(`create database ${name}_new`);
      await migrate(urlOf(`${name}_new`));
      await admin.query(`alter database ${name}_new rename to ${name}`);
    }
  });
  return name;
}

async function migrationState(): Promise<string> {
  const hash = createHash('sha256');
  for (const name of await listMigrations()) {
    hash.update(name).update(await readFile(path.join('migrations', `${name}.ts`)));
  }
  return hash.digest('hex').slice(0, 12);
}

function urlOf(database: string): string {
  const url = new URL(adminUrl());
  url.pathname = `/${database}`;
  return url.href;
}

async function asAdmin<T>(work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: adminUrl() });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}
