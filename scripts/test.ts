/**
 * Provides Postgres and Redis, runs mocha with the given arguments, and stops what it started.
 *
 * Without files among the arguments it runs the whole suite, except test/interop (real foreign peers) and test/soak (long).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRunFolder, removeLeftovers, removeRunFolder } from './servers/leftovers.ts';
import { providePostgres } from './servers/postgres.ts';
import type { Provided } from './servers/provided.ts';
import { provideRedis } from './servers/redis.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const WHOLE_SUITE = ['test/**/*.test.ts', '--ignore', 'test/interop/**', '--ignore', 'test/soak/**'];
/** A run that hangs is a failure, not a wait. */
const DEADLINE_MS = Number(process.env['TEST_DEADLINE_MIN'] ?? 25) * 60_000;

async function main(args: readonly string[]): Promise<number> {
  await removeLeftovers();
  const folder = await createRunFolder();
  const servers: Provided[] = [];
  // Mocha gets the same Ctrl-C from the terminal; we outlive it to stop the servers.
  process.on('SIGINT', () => undefined);
  try {
    const postgres = await providePostgres(folder);
    servers.push(postgres);
    const redis = await provideRedis(folder);
    if (typeof redis !== 'string') servers.push(redis);
    else if (process.env['REQUIRE_REDIS'] === '1') return refuse(`REQUIRE_REDIS=1, but ${redis}`);
    const redisUrl = typeof redis === 'string' ? '' : redis.url;
    console.error(
      `Postgres: ${postgres.origin}. Redis: ${typeof redis === 'string' ? 'none' : redis.origin}.`,
    );
    const code = await runMocha(args, { DATABASE_URL: postgres.url, REDIS_URL: redisUrl });
    if (typeof redis === 'string') console.error(`The real-Redis suite was skipped: ${redis}.`);
    return code;
  } finally {
    for (const server of servers.reverse()) await server.stop();
    await removeRunFolder(folder);
  }
}

function refuse(message: string): number {
  console.error(message);
  return 1;
}

async function runMocha(args: readonly string[], env: Record<string, string>): Promise<number> {
  const mocha = path.join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const reporter = ['--reporter', path.join(ROOT, 'scripts', 'test-reporter.cjs')];
  const files = args.some((arg) => arg.endsWith('.ts')) ? [] : WHOLE_SUITE;
  const child = spawn(process.execPath, [mocha, ...reporter, ...args, ...files], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  const hang = setTimeout(() => {
    console.error(`the tests did not end within ${DEADLINE_MS / 60_000} minutes`);
    child.kill('SIGKILL');
  }, DEADLINE_MS);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearTimeout(hang);
  return code ?? 1;
}

process.exitCode = await main(process.argv.slice(2));
