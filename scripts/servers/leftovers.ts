import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLogger } from '../../src/runtime/log.ts';
import { isAlive, type ProcessIdentity } from '../../src/runtime/process-identity.ts';
import { resetEmbeddedPostgres } from '../../src/storage/embedded-postgres.ts';

const PREFIX = 'bonusgate-run-';

/** A private folder for the servers of one run; every user may enter it, since root's Postgres runs as nobody. */
export async function createRunFolder(): Promise<string> {
  const folder = path.join(tmpdir(), `${PREFIX}${process.pid}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o755 });
  return folder;
}

/** Stops the servers of one run folder, whoever started them, and deletes it. */
export async function removeRunFolder(folder: string): Promise<void> {
  const redis = path.join(folder, 'redis.json');
  if (existsSync(redis)) {
    const identity = JSON.parse(readFileSync(redis, 'utf8')) as ProcessIdentity;
    if (isAlive(identity)) process.kill(identity.pid, 'SIGKILL');
  }
  if (existsSync(path.join(folder, 'postgres'))) {
    await resetEmbeddedPostgres(folder, createLogger({ level: 'silent' }));
  }
  await rm(folder, { recursive: true, force: true });
}

/** Clears away what runs that were killed left behind; living runs are not touched. */
export async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(name.slice(PREFIX.length));
    if (!name.startsWith(PREFIX) || !Number.isSafeInteger(pid) || lives(pid)) continue;
    await removeRunFolder(path.join(tmpdir(), name)).catch(() => undefined);
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
