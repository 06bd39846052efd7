import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { Fault } from '../../errors.ts';
import type { Binaries } from './binaries.ts';
import { canEnter, type Unprivileged } from './unprivileged.ts';

/** Superuser and owner of the embedded server's databases. */
export const OWNER = 'bonusgate_owner';

/** The one database of the embedded server. */
export const DATABASE = 'bonusgate';

/** Where root keeps what the server's user must reach when the checkout lies in a 0700 home. */
const SHARED_STATE = '/var/lib/bonusgate';

/** What is remembered between two starts, in `postgres/state.json`. */
export interface ClusterState {
  readonly dataFolder: string;
  readonly port: number;
}

/** Files of the embedded server under the state folder; data and copied binaries may lie elsewhere (see {@link stateOf}). */
export function filesOf(home: string) {
  const folder = path.resolve(home, 'postgres');
  return {
    folder,
    state: path.join(folder, 'state.json'),
    password: path.join(folder, 'password'),
    holder: path.join(folder, 'holder.json'),
    log: path.join(folder, 'server.log'),
  } as const;
}

/**
 * The remembered state, or a fresh one whose data folder the server's user can reach.
 *
 * The choice is remembered: data must not appear lost because somebody changed the mode of a folder.
 */
export async function stateOf(home: string, user: Unprivileged | undefined): Promise<ClusterState> {
  const files = filesOf(home);
  await mkdir(files.folder, { recursive: true });
  if (existsSync(files.state)) return JSON.parse(await readFile(files.state, 'utf8')) as ClusterState;
  await chmod(files.folder, user === undefined ? 0o700 : 0o711);
  return { dataFolder: path.join(reachableFolder(files.folder, user), 'data'), port: 0 };
}

/** Where a copy of the binaries goes when the installed ones cannot be used; one for all checkouts of root. */
export function copyFolderOf(home: string, user: Unprivileged | undefined): string {
  return path.join(user === undefined ? filesOf(home).folder : SHARED_STATE, 'binaries');
}

function reachableFolder(folder: string, user: Unprivileged | undefined): string {
  if (canEnter(folder, user)) return folder;
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 12);
  return path.join(SHARED_STATE, name);
}

export async function saveState(home: string, state: ClusterState): Promise<void> {
  const { state: file } = filesOf(home);
  await writeFile(`${file}.new`, `${JSON.stringify(state)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** The owner's password, made once; its file is readable by us alone. */
export async function ownerPassword(home: string): Promise<string> {
  const { password: file } = filesOf(home);
  if (existsSync(file)) return (await readFile(file, 'utf8')).trim();
  const password = randomBytes(24).toString('base64url');
  await writeFile(file, `${password}\n`, { mode: 0o600, flag: 'wx' });
  return password;
}

/**
 * Creates the data folder once. An interrupted attempt leaves nothing that looks like one: initdb works beside it and
 * the result is renamed.
 */
export async function initialise(
  dataFolder: string,
  binaries: Binaries,
  user: Unprivileged | undefined,
  password: string,
): Promise<void> {
  if (existsSync(path.join(dataFolder, 'PG_VERSION'))) return checkMajor(dataFolder, binaries);
  const fresh = `${dataFolder}.new`;
  const passwordFile = `${dataFolder}.password`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(path.dirname(dataFolder), { recursive: true });
  await mkdir(fresh, { mode: 0o700 });
  await rm(passwordFile, { force: true });
  await writeFile(passwordFile, password, { mode: 0o600, flag: 'wx' });
  if (user !== undefined) {
    for (const file of [fresh, passwordFile]) await chown(file, user.uid, user.gid);
  }
  try {
    await runInitdb(binaries, fresh, passwordFile, user);
    await rename(fresh, dataFolder);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function checkMajor(dataFolder: string, binaries: Binaries): Promise<void> {
  const found = (await readFile(path.join(dataFolder, 'PG_VERSION'), 'utf8')).trim();
  const major = binaries.version.split('.')[0];
  if (found === major) return;
  throw new Fault(
    `${dataFolder} was made by Postgres ${found} and this is Postgres ${major}: dump and restore it ` +
      '(docs/operations.md), or begin anew with --reset',
  );
}

async function runInitdb(
  binaries: Binaries,
  folder: string,
  passwordFile: string,
  user: Unprivileged | undefined,
): Promise<void> {
  const args = [
    '-D',
    folder,
    '-U',
    OWNER,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
  ];
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  try {
    await promisify(execFile)(binaries.initdb, [...args, ...locale, '--no-sync'], {
      ...user,
      ...environment(),
    });
  } catch (error) {
    const text = String((error as { stderr?: unknown }).stderr ?? error);
    const hint = text.includes('look up effective user')
      ? ' (this user id has no entry in /etc/passwd: add one, or set DATABASE_URL)'
      : '';
    throw new Fault(`initdb failed${hint}: ${text.trim()}`, { cause: error });
  }
}

/** The server must not see our secrets, and a working directory that its user cannot read stops it. */
export function environment() {
  return { cwd: '/', env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } } as const;
}

/** A free loopback port: the wanted one when nobody listens there, else any. */
export async function freePort(wanted: number): Promise<number> {
  return (await tryListen(wanted)) ?? (await tryListen(0))!;
}

/** True when nobody listens on the loopback port. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await tryListen(port)) !== undefined;
}

function tryListen(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}

const LOG_MAX_BYTES = 10_000_000;

/** Opens the server's log for appending; a big one is kept once as `server.log.1`. */
export async function openServerLog(file: string) {
  const handle = await open(file, 'a', 0o600);
  if ((await handle.stat()).size < LOG_MAX_BYTES) return handle;
  await handle.close();
  await rename(file, `${file}.1`);
  return open(file, 'a', 0o600);
}
