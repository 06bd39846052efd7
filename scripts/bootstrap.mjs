/**
 * The first thing that runs in a fresh clone, so it may use nothing but Node itself.
 *
 *   node scripts/bootstrap.mjs start [ARGS]   install, build, then the demo          (npm start)
 *   node scripts/bootstrap.mjs test  [ARGS]   install, provision servers, then mocha (npm test)
 *   node scripts/bootstrap.mjs cli   [ARGS]   install and build quietly, then the command line
 *   node scripts/bootstrap.mjs run SCRIPT ..  install, then one of scripts/*.ts
 *   node scripts/bootstrap.mjs build          install and build
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { installWhenNeeded } from './bootstrap/install.mjs';
import { buildWhenNeeded } from './bootstrap/build.mjs';
import { inTurn } from './bootstrap/turn.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NODE_NEEDED = [20, 19];

function refuseOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > NODE_NEEDED[0] || (major === NODE_NEEDED[0] && minor >= NODE_NEEDED[1])) return;
  stop(
    `bonusgate needs Node ${NODE_NEEDED.join('.')} or newer; this is ${process.version}.\nInstall a current one from https://nodejs.org and run the same command again.`,
  );
}

function stop(message) {
  console.error(message);
  process.exit(1);
}

/** Runs the built program inside this process: no second process to signal, to reap or to lose. */
async function runProgram(args) {
  const main = path.join(ROOT, 'dist', 'src', 'main.js');
  process.argv = [process.argv[0], main, ...args];
  process.setSourceMapsEnabled(true);
  await import(pathToFileURL(main).href);
}

/** Runs a TypeScript script of this folder and ends with its exit code. */
function runScript(name, args) {
  // The terminal sends Ctrl-C to the script as well; it stops its servers and we wait for that.
  process.on('SIGINT', () => undefined);
  const script = path.join(ROOT, 'scripts', `${name}.ts`);
  const { status, signal } = spawnSync(process.execPath, ['--import', 'tsx', script, ...args], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  process.exitCode = status ?? (signal === null ? 1 : 130);
}

async function main([task, ...args]) {
  refuseOldNode();
  const say = task === 'cli' ? () => undefined : (line) => console.error(line);
  const builds = task === 'start' || task === 'cli' || task === 'build';
  inTurn(ROOT, () => {
    installWhenNeeded(ROOT, say, stop);
    if (builds) buildWhenNeeded(ROOT, say, stop);
  });
  if (task === 'test') return runScript('test', args);
  if (task === 'run' && /^[a-z-]+$/.test(args[0] ?? '')) return runScript(args[0], args.slice(1));
  if (task === 'start') return runProgram(['demo', ...args]);
  if (task === 'cli') return runProgram(args);
  if (task !== 'build') stop('usage: node scripts/bootstrap.mjs start|test|cli|run|build [ARGS]');
}

await main(process.argv.slice(2));
