/** Compiles the sources into dist/ when they changed, and only then. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const FOLDERS = ['src', 'protocols', 'simulators', 'bench', 'migrations', 'types'];
const SETTINGS = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

/** Leaves dist/ as a build of exactly the present sources; a file that was removed leaves no output behind. */
export function buildWhenNeeded(root, say, stop) {
  const now = listSources(root);
  const stamp = path.join(root, 'dist', '.sources.json');
  const before = existsSync(stamp) ? JSON.parse(readFileSync(stamp, 'utf8')) : {};
  const removed = Object.keys(before).some((file) => !(file in now));
  const changed = Object.keys(now).some((file) => now[file] !== before[file]);
  if (!removed && !changed) return;
  say('Building ...');
  // A migration that no longer exists must not be found in dist/ and applied.
  if (removed) rmSync(path.join(root, 'dist'), { recursive: true, force: true });
  compile(root, stop);
  copyAssets(root, now);
  writeFileSync(stamp, JSON.stringify(now));
}

function listSources(root) {
  const files = {};
  const add = (file) => {
    const { mtimeMs, size } = statSync(path.join(root, file));
    files[file] = `${mtimeMs} ${size}`;
  };
  const walk = (folder) => {
    for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
      const name = path.posix.join(folder, entry.name);
      if (entry.isDirectory()) walk(name);
      else if (entry.isFile()) add(name);
    }
  };
  FOLDERS.filter((folder) => existsSync(path.join(root, folder))).forEach(walk);
  SETTINGS.forEach(add);
  return files;
}

function compile(root, stop) {
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) stop(`The build failed:\n${stdout}`);
}

/** Pages, styles and recordings that the compiler does not carry over. */
function copyAssets(root, files) {
  for (const file of Object.keys(files)) {
    if (/\.tsx?$/.test(file) || !file.includes('/')) continue;
    const target = path.join(root, 'dist', file);
    mkdirSync(path.dirname(target), { recursive: true });
    cpSync(path.join(root, file), target);
  }
}
