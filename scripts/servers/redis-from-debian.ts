import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface UnpackedRedis {
  readonly file: string;
  /** For LD_LIBRARY_PATH. */
  readonly libraries: string;
}

/**
 * Downloads redis-server and its libraries with apt and unpacks them into a cache: no root, nothing installed.
 *
 * apt resolves the list itself, so no release of Debian or Ubuntu is named here. A string tells why it cannot be done.
 */
export async function unpackRedis(
  cache: string = process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'),
): Promise<UnpackedRedis | string> {
  const target = path.join(cache, 'bonusgate', 'redis');
  const found = await locate(target);
  if (found !== undefined) return found;
  try {
    await download(target);
  } catch (error) {
    const hint =
      process.platform === 'darwin' ? 'brew install valkey' : 'install redis-server, or set REDIS_URL';
    return `no Redis on the PATH and none could be unpacked (${firstLine(error)}): ${hint}`;
  }
  return (await locate(target)) ?? 'the Debian package of redis-server holds no server';
}

async function locate(target: string): Promise<UnpackedRedis | undefined> {
  const file = path.join(target, 'usr', 'bin', 'redis-server');
  // On Debian redis-server is a link to redis-check-rdb of redis-tools; a dangling one does not exist.
  if (!existsSync(file)) return undefined;
  const folders = ['usr/lib', 'lib'].map((folder) => path.join(target, folder));
  const nested = await Promise.all(folders.map(libraryFolders));
  return { file, libraries: nested.flat().join(':') };
}

async function libraryFolders(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { withFileTypes: true });
  const architectures = entries.filter((entry) => entry.isDirectory() && entry.name.includes('-linux-'));
  return [folder, ...architectures.map((entry) => path.join(folder, entry.name))];
}

async function download(target: string): Promise<void> {
  const partial = `${target}.${process.pid}`;
  const debs = path.join(partial, 'cache', 'archives');
  await mkdir(path.join(debs, 'partial'), { recursive: true });
  try {
    const options = [
      'Debug::NoLocking=1',
      `Dir::Cache=${path.join(partial, 'cache')}`,
      'APT::Sandbox::User=root',
    ];
    const flags = ['--yes', '--download-only', '--no-install-recommends', '--reinstall'];
    await run('apt-get', [
      ...options.flatMap((option) => ['-o', option]),
      ...flags,
      'install',
      'redis-server',
      'redis-tools',
    ]);
    const archives = (await readdir(debs)).filter((file) => file.endsWith('.deb'));
    for (const file of archives) await run('dpkg', ['-x', path.join(debs, file), path.join(partial, 'root')]);
    await rm(target, { recursive: true, force: true });
    await rename(path.join(partial, 'root'), target);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

function firstLine(error: unknown): string {
  const text = (error as { stderr?: string }).stderr?.trim() ?? '';
  return (text === '' ? (error as Error).message : text).split('\n')[0]!;
}
