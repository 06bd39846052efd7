/** Starts the embedded server, prints its URL and stays until it is killed. */
import { systemClock } from '../../src/runtime/clock.ts';
import { createLogger } from '../../src/runtime/log.ts';
import { startEmbeddedPostgres } from '../../src/storage/embedded-postgres.ts';

const home = process.argv[2]!;
const log = createLogger({ level: 'silent' });
const { url } = await startEmbeddedPostgres({ home, fsync: false, clock: systemClock(), log });
process.stdout.write(`${url}\n`);
setInterval(() => undefined, 60_000);
