import { systemClock } from '../../src/runtime/clock.ts';
import { createLogger } from '../../src/runtime/log.ts';
import { startEmbeddedPostgres } from '../../src/storage/embedded-postgres.ts';
import type { Provided } from './provided.ts';

/** A Postgres for one test run: `DATABASE_URL` where set, else the embedded one, without fsync, in `home`. */
export async function providePostgres(home: string): Promise<Provided> {
  const given = process.env['DATABASE_URL'];
  if (given !== undefined && given !== '') {
    return { url: given, origin: 'DATABASE_URL', stop: () => Promise.resolve() };
  }
  const log = createLogger({ level: 'warn' });
  const server = await startEmbeddedPostgres({ home, fsync: false, clock: systemClock(), log });
  return { url: server.url, origin: 'embedded', stop: () => server.stop() };
}
