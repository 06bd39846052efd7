import { mkdirSync } from 'node:fs';
import { runDaemon } from '../daemon/daemon.ts';
import { SECTIONS, type Section } from '../daemon/sections.ts';
import { systemClock } from '../runtime/clock.ts';
import { loadConfig } from '../runtime/config/load.ts';
import { createLogger } from '../runtime/log.ts';
import { prepareDatabase } from '../storage/roles.ts';
import { checkNamedFiles } from './check-config.ts';
import { stateFolder } from './daemon-call.ts';
import { CliError, EXIT } from './exit-codes.ts';
import { print, toJson } from './output.ts';

/** The production daemon. Answers the exit code. */
export async function runGateway(options: {
  readonly configFile: string;
  readonly only: readonly Section[];
  readonly version: string;
}): Promise<number> {
  const unknown = options.only.filter((section) => !SECTIONS.includes(section));
  if (unknown.length > 0) {
    throw new CliError(`no section ${unknown.join(', ')}; there are: ${SECTIONS.join(', ')}`, EXIT.usage);
  }
  const config = loadConfig(options.configFile);
  if (config.storage.databaseUrl === undefined) {
    throw new CliError(
      `no database: set DATABASE_URL, or storage.databaseUrl in ${options.configFile}; to look around without one: npm start`,
      EXIT.usage,
    );
  }
  await checkNamedFiles(config);
  const home = stateFolder();
  mkdirSync(home, { recursive: true, mode: 0o700 });
  return runDaemon({
    ...options,
    config,
    home,
    clock: systemClock(),
    log: createLogger({ level: config.log.level }),
  });
}

/** Schema, runtime role and grants, as the owner. */
export async function runMigrate(options: { runtimePasswordEnv?: string; json?: boolean }): Promise<void> {
  const url = process.env['DATABASE_URL'];
  if (url === undefined) {
    throw new CliError(
      'DATABASE_URL is not set: it names the database as its owner, for example postgres://owner:secret@host/bonusgate',
      EXIT.usage,
    );
  }
  const { runtimePasswordEnv: name } = options;
  const password = name === undefined ? undefined : process.env[name];
  if (name !== undefined && password === undefined) throw new CliError(`${name} is not set`, EXIT.usage);
  const { applied, runtimeRole } = await prepareDatabase(url, password);
  if (options.json === true) {
    print(toJson({ applied, runtimeRole }));
    return;
  }
  print(applied.length === 0 ? 'The schema is up to date.' : `Applied: ${applied.join(', ')}`);
  if (!runtimeRole) print('The role bonusgate_runtime could not be made: the owner may not create roles.');
}
