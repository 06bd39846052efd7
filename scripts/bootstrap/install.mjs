/** Keeps node_modules in step with package-lock.json, also when npm ran with --ignore-scripts. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

/** Runs `npm ci` when packages are missing or the lock file changed since the last install. */
export function installWhenNeeded(root, say, stop) {
  const lock = readFileSync(path.join(root, 'package-lock.json'));
  const hash = createHash('sha256').update(lock).digest('hex');
  const mark = path.join(root, 'node_modules', '.bonusgate-lock-hash');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === hash) return;
  if (!installedAgrees(root, JSON.parse(lock.toString('utf8')))) {
    say('Installing packages (npm ci), about half a minute the first time ...');
    npmCi(root, stop);
  }
  writeFileSync(mark, hash);
}

/** npm writes what it installed into node_modules/.package-lock.json; somebody may have run `npm ci` by hand. */
function installedAgrees(root, lock) {
  const hidden = path.join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return false;
  const installed = JSON.parse(readFileSync(hidden, 'utf8')).packages;
  return Object.entries(lock.packages).every(([where, entry]) => {
    if (where === '' || entry.link) return true;
    const found = installed[where];
    if (found === undefined) return entry.optional === true && !madeForThisMachine(entry);
    return found.version === entry.version;
  });
}

/** True for a package made for exactly this system; optional ones without a system are npm's own choice. */
function madeForThisMachine(entry) {
  return (
    entry.os?.includes(process.platform) && entry.cpu?.includes(process.arch) && entry.libc === undefined
  );
}

function npmCi(root, stop) {
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const runsByNode = npm !== undefined && /\.c?js$/.test(npm);
  // Inherited npm_* variables of the outer npm would be read as options by the inner one.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(package|lifecycle)_/.test(name)),
  );
  const { status, error } = runsByNode
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, env, stdio: ['ignore', 2, 2] })
    : spawnSync('npm', args, {
        cwd: root,
        env,
        stdio: ['ignore', 2, 2],
        shell: process.platform === 'win32',
      });
  if (error) stop(`npm could not be started (${error.message}). Is it on the PATH?`);
  if (status !== 0)
    stop(
      'npm ci failed, see above. A proxy or a private registry is set with `npm config set registry URL`.',
    );
}
