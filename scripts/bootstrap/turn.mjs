/** One install or build at a time: a second terminal waits for the first instead of removing packages under it. */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const LOOK_EVERY_MS = 200;
/** A mark without content is older than this only when its writer died or the disk was full. */
const EMPTY_MS = 10_000;

/** Runs `work` while no other process does so in this folder. A folder that cannot be written has nothing to build. */
export function inTurn(root, work) {
  const mark = path.join(root, 'var', 'bootstrap.pid');
  if (!take(mark)) return work();
  // `stop` ends the process; the mark must not outlive it.
  const release = () => rmSync(mark, { force: true });
  process.once('exit', release);
  try {
    work();
  } finally {
    process.off('exit', release);
    release();
  }
}

/** Whether the turn was taken; false where nothing can be written. */
function take(mark) {
  let told = false;
  for (;;) {
    try {
      mkdirSync(path.dirname(mark), { recursive: true, mode: 0o700 });
      writeFileSync(mark, String(process.pid), { flag: 'wx' });
      return true;
    } catch (error) {
      if (error.code !== 'EEXIST') return false;
    }
    const holder = holderOf(mark);
    if (holder === undefined) {
      rmSync(mark, { force: true });
      continue;
    }
    if (!told) console.error(`Waiting for process ${holder}, which installs or builds here (${mark}) ...`);
    told = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_EVERY_MS);
  }
}

/** The process that has the turn; undefined when it is gone. */
function holderOf(mark) {
  let pid;
  try {
    pid = Number(readFileSync(mark, 'utf8'));
    if (pid === 0) return Date.now() - statSync(mark).mtimeMs < EMPTY_MS ? 'another' : undefined;
  } catch {
    return undefined;
  }
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return error.code === 'EPERM' ? pid : undefined;
  }
}
