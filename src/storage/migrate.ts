import { readdir } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import path from 'node:path';
import knexPackage, { type Knex } from 'knex';

/** A step forward; there is no way back: restore a backup instead. */
export interface Migration {
  readonly up: (knex: Knex) => Promise<void>;
}

const FOLDER = fileURLToPath(new URL('../../migrations', import.meta.url));

/** Names without folder or extension, in order: the same from sources and from a build. */
export async function listMigrations(): Promise<string[]> {
  const files = await readdir(FOLDER);
  const names = files
    .filter((file) => /^\d{4}_[a-z0-9_]+\.(ts|js)$/.test(file))
    .map((file) => path.parse(file).name);
  return [...new Set(names)].sort();
}

/** Brings the schema up to date as its owner; returns the names applied now. */
export async function migrate(ownerUrl: string): Promise<string[]> {
  const knex = knexPackage({ client: 'pg', connection: ownerUrl, pool: { min: 0, max: 1 } });
  try {
    const [, applied] = (await knex.migrate.latest({ migrationSource })) as [number, string[]];
    return applied;
  } finally {
    await knex.destroy();
  }
}

const migrationSource = {
  getMigrations: listMigrations,
  getMigrationName: (name: string) => name,
  getMigration: async (name: string) => {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const { up } = (await import(pathToFileURL(path.join(FOLDER, `${name}.${extension}`)).href)) as Migration;
    return { up, down: thereIsNoWayBack };
  },
};

/** knex insists on this function. */
function thereIsNoWayBack(): Promise<void> {
  return Promise.reject(new Error('migrations only go forward: restore a backup instead'));
}
