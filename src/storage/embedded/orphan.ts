import { readFile, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { Fault } from '../../errors.ts';
import type { Logger } from '../../runtime/log.ts';
import { waitUntil } from '../../runtime/pause.ts';
import { commandOf, identifyProcess, isAlive } from '../../runtime/process-identity.ts';

/** The lines of `postmaster.pid` that matter here (miscadmin.h, LOCK_FILE_LINE_*). */
export interface PostmasterFile {
  readonly pid: number;
  readonly dataFolder: string;
  readonly port: number;
  readonly ready: boolean;
}

/** Reads the lock file of a data folder; undefined when there is none or it is not complete yet. */
export async function readPostmasterFile(dataFolder: string): Promise<PostmasterFile | undefined> {
  let text: string;
  try {
    text = await readFile(path.join(dataFolder, 'postmaster.pid'), 'utf8');
  } catch {
    return undefined;
  }
  return parsePostmasterFile(text);
}

/** Parses the lock file's text; undefined when it is not one. */
export function parsePostmasterFile(text: string): PostmasterFile | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  if (!Number.isSafeInteger(pid) || pid <= 0 || lines[1] === undefined) return undefined;
  return {
    pid,
    dataFolder: lines[1],
    port: Number.isSafeInteger(port) ? port : 0,
    ready: lines[7] === 'ready',
  };
}

const FAST_STOP_MS = 20_000;
const IMMEDIATE_STOP_MS = 10_000;

/**
 * Stops the server that a killed daemon left behind, so that ours can start on the same data.
 *
 * Called only by the holder of the state folder: whoever started that server is dead. The lock file is believed only
 * when the process is a Postgres of exactly this data folder; a stale file with a reused pid is removed.
 */
export async function stopOrphan(dataFolder: string, log: Logger): Promise<void> {
  const file = await readPostmasterFile(dataFolder);
  if (file === undefined) return;
  const identity = identifyProcess(file.pid);
  if (identity === undefined || !(await isOurServer(file, dataFolder))) {
    await rm(path.join(dataFolder, 'postmaster.pid'), { force: true });
    log.info({ pid: file.pid }, 'stale postmaster.pid removed');
    return;
  }
  log.warn({ pid: file.pid, port: file.port }, 'stopping the Postgres that a killed daemon left behind');
  const gone = () => (isAlive(identity) ? undefined : true);
  process.kill(file.pid, 'SIGINT');
  if ((await waitUntil(gone, { timeoutMs: FAST_STOP_MS })) !== undefined) return;
  process.kill(file.pid, 'SIGQUIT');
  if ((await waitUntil(gone, { timeoutMs: IMMEDIATE_STOP_MS })) !== undefined) return;
  throw new Fault(`Postgres with pid ${file.pid} does not stop; end it yourself and start again`);
}

async function isOurServer(file: PostmasterFile, dataFolder: string): Promise<boolean> {
  if (file.dataFolder !== (await realpath(dataFolder))) return false;
  const command = commandOf(file.pid);
  return (
    command !== undefined && /postgres(\.exe)?\s/.test(`${command} `) && command.includes(file.dataFolder)
  );
}
