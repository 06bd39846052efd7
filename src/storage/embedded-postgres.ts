import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { Fault } from '../errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { waitUntil } from '../runtime/pause.ts';
import { prepareBinaries, type Binaries } from './embedded/binaries.ts';
import {
  copyFolderOf,
  DATABASE,
  environment,
  filesOf,
  freePort,
  initialise,
  isPortFree,
  openServerLog,
  OWNER,
  ownerPassword,
  saveState,
  stateOf,
} from './embedded/cluster.ts';
import { claimFolder } from './embedded/holder.ts';
import { readPostmasterFile, stopOrphan } from './embedded/orphan.ts';
import { unprivilegedUser, type Unprivileged } from './embedded/unprivileged.ts';

export interface EmbeddedPostgresOptions {
  /** State folder (`BONUSGATE_HOME`); everything of the server lies in `postgres/` below it. */
  readonly home: string;
  /** Fixed port; when absent the remembered one, or a free one. */
  readonly port?: number;
  /** False only in tests: a power cut then loses data. */
  readonly fsync: boolean;
  /** Parameters of the server beside our own, as its command line takes them. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A private Postgres, ours to start and to stop. */
export interface EmbeddedPostgres {
  /** Connects as the owner of the schema: for migrations, never for serving. */
  readonly url: string;
  /** Fast shutdown, then immediate, then SIGKILL, each with a deadline. */
  stop(): Promise<void>;
  /** Tells that the server died by itself; it is started again with growing pauses. */
  onExit(listener: () => void): void;
}

const READY_MS = 60_000;
const STOP_MS = [20_000, 5_000, 5_000] as const;
const BACKOFF_MS = { first: 250, last: 10_000, forgottenAfter: 60_000 } as const;

/**
 * Starts the real Postgres server that ships in npm packages, on loopback, with a random password (ADR 7).
 *
 * Handles what the package's own wrapper does not: root, a 0700 home, missing links, an orphan after kill -9, a server
 * that dies under a running daemon.
 *
 * @throws Fault when another bonusgate holds the state folder, the port is taken, or the server does not start
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { home, log } = options;
  const user = unprivilegedUser();
  const state = await stateOf(home, user);
  const release = claimFolder(filesOf(home).holder);
  try {
    const binaries = await prepareBinaries(user, copyFolderOf(home, user));
    const password = await ownerPassword(home);
    await initialise(state.dataFolder, binaries, user, password);
    await stopOrphan(state.dataFolder, log);
    const port = await choosePort(options.port, state.port);
    await saveState(home, { ...state, port });
    const server = supervise({ ...options, binaries, user, dataFolder: state.dataFolder, port });
    await server.start();
    const url = `postgres://${OWNER}:${password}@127.0.0.1:${port}/${DATABASE}`;
    await createDatabase(url);
    return { url, onExit: server.onExit, stop: () => server.stop().finally(release) };
  } catch (error) {
    release();
    throw error;
  }
}

/** Deletes the embedded server's data (`--reset`). @throws Fault while another bonusgate uses it */
export async function resetEmbeddedPostgres(home: string, log: Logger): Promise<void> {
  const state = await stateOf(home, unprivilegedUser());
  const release = claimFolder(filesOf(home).holder);
  try {
    await stopOrphan(state.dataFolder, log);
    await rm(state.dataFolder, { recursive: true, force: true });
    await removeOwnFolder(path.dirname(state.dataFolder), filesOf(home).folder);
    for (const file of [filesOf(home).state, filesOf(home).password]) await rm(file, { force: true });
  } finally {
    release();
  }
}

/** The folder that was made only because the state folder is out of the server's reach. */
async function removeOwnFolder(folder: string, stateFolder: string): Promise<void> {
  if (folder !== stateFolder) await rm(folder, { recursive: true, force: true });
}

async function choosePort(wanted: number | undefined, remembered: number): Promise<number> {
  if (wanted === undefined) return freePort(remembered);
  if (await isPortFree(wanted)) return wanted;
  throw new Fault(`port ${wanted} on 127.0.0.1 is taken: choose another one for storage.embeddedPort`);
}

interface ServerOptions extends EmbeddedPostgresOptions {
  readonly binaries: Binaries;
  readonly user: Unprivileged | undefined;
  readonly dataFolder: string;
  readonly port: number;
}

function supervise(options: ServerOptions) {
  const { clock, log, dataFolder, home } = options;
  const listeners: (() => void)[] = [];
  let child: ChildProcess | undefined;
  let stopping = false;
  let backoffMs: number = BACKOFF_MS.first;
  let cancelRestart = () => undefined as unknown;

  const launch = async (): Promise<ChildProcess> => {
    const since = clock.now();
    const { process: started, exited } = await spawnServer(options);
    child = started;
    void exited.then(() => {
      child = undefined;
      if (stopping) return;
      log.error(
        { exit: started.exitCode, signal: started.signalCode, retryMs: backoffMs },
        'embedded Postgres died',
      );
      listeners.forEach((listener) => listener());
      if (clock.now() - since > BACKOFF_MS.forgottenAfter) backoffMs = BACKOFF_MS.first;
      scheduleRestart();
    });
    return started;
  };

  const scheduleRestart = (): void => {
    cancelRestart = clock.after(backoffMs, () => void restart());
    backoffMs = Math.min(backoffMs * 2, BACKOFF_MS.last);
  };

  const restart = async (): Promise<void> => {
    try {
      await stopOrphan(dataFolder, log);
      if (stopping) return;
      await launch();
      log.info('embedded Postgres started again');
    } catch (error) {
      log.error({ err: error, retryMs: backoffMs }, 'embedded Postgres cannot be started');
      scheduleRestart();
    }
  };

  return {
    onExit: (listener: () => void) => void listeners.push(listener),
    start: async () => {
      const ready = await waitReady(await launch(), dataFolder);
      if (ready) return log.info({ port: options.port }, 'embedded Postgres is ready');
      stopping = true;
      await stopServer(child);
      throw new Fault(`Postgres did not start; its log ends with:\n${await tail(filesOf(home).log)}`);
    },
    stop: async () => {
      stopping = true;
      cancelRestart();
      await stopServer(child);
    },
  };
}

interface Started {
  readonly process: ChildProcess;
  readonly exited: Promise<unknown>;
}

async function spawnServer(options: ServerOptions): Promise<Started> {
  const { binaries, dataFolder, port, fsync, user, home } = options;
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: 200,
    timezone: 'UTC',
    log_timezone: 'UTC',
    jit: 'off',
    wal_compression: 'on',
    ...(fsync ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...options.settings,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const logFile = await openServerLog(filesOf(home).log);
  try {
    // Its own process group: Ctrl-C in the terminal reaches the daemon, which stops the server last.
    const child = spawn(binaries.postgres, ['-D', dataFolder, ...args], {
      ...user,
      ...environment(),
      detached: true,
      stdio: ['ignore', logFile.fd, logFile.fd],
    });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    await once(child, 'spawn');
    return { process: child, exited };
  } finally {
    await logFile.close();
  }
}

async function waitReady(child: ChildProcess, dataFolder: string): Promise<boolean> {
  const answer = await waitUntil(
    async () => {
      if (child.exitCode !== null || child.signalCode !== null) return false;
      const file = await readPostmasterFile(dataFolder);
      return file?.pid === child.pid && file?.ready === true ? true : undefined;
    },
    { timeoutMs: READY_MS },
  );
  return answer === true;
}

/** Fast (SIGINT), immediate (SIGQUIT), then SIGKILL to the whole group. */
async function stopServer(child: ChildProcess | undefined): Promise<void> {
  if (child?.pid === undefined) return;
  const gone = () => (child.exitCode !== null || child.signalCode !== null ? true : undefined);
  for (const [step, signal] of (['SIGINT', 'SIGQUIT', 'SIGKILL'] as const).entries()) {
    if (gone() === true) return;
    process.kill(signal === 'SIGKILL' ? -child.pid : child.pid, signal);
    await waitUntil(gone, { timeoutMs: STOP_MS[step]! });
  }
}

async function createDatabase(url: string): Promise<void> {
  const server = new URL(url);
  server.pathname = '/postgres';
  const client = new pg.Client({ connectionString: server.href, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

async function tail(file: string): Promise<string> {
  const lines = (await readFile(path.resolve(file), 'utf8')).trimEnd().split('\n');
  return lines.slice(-8).join('\n');
}
