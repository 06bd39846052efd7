import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process, recognisable after its number was given to another one. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque: when it started, as the operating system tells it. */
  readonly startedAt: string;
}

/** Who runs under `pid` now, or undefined when nobody does. Works on Linux and macOS. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === 'linux' ? linuxStart(pid) : psField(pid, 'lstart');
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** True while exactly this process lives. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startedAt === identity.startedAt;
}

/** The command line of `pid`, or undefined when there is no such process. */
export function commandOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return psField(pid, 'command');
  const raw = readIfPresent(`/proc/${pid}/cmdline`);
  return raw === undefined || raw === '' ? undefined : raw.split('\0').join(' ').trim();
}

/** Field 22 of proc_pid_stat(5); a zombie (state Z) counts as gone. */
function linuxStart(pid: number): string | undefined {
  const stat = readIfPresent(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}

function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function psField(pid: number, field: string): string | undefined {
  try {
    const text = execFileSync('ps', ['-o', `${field}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}
