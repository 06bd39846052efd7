import { readdir, readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';

/** What every benchmark needs: medians of interleaved rounds, CPU time of a server, one JSON object at the end. */

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
}

export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

export function loadAverage(): number {
  return round(loadavg()[0] ?? 0);
}

/** User plus system time of this process, in microseconds. */
export function ownCpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Kernel clock ticks are 10 ms on every Linux that Node runs on. */
const TICK_US = 10_000;

/** User plus system time of a process's living children, in microseconds: a Postgres server by its postmaster. */
export async function childrenCpuUs(parent: number): Promise<number> {
  let ticks = 0;
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    // The command name may hold spaces and brackets; fields count from behind its closing bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(fields[1]) === parent) ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * TICK_US;
}

export async function parentOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

/** Runs `step` with `inFlight` callers until `ms` have passed; returns finished calls and calls per second. */
export async function closedLoop(inFlight: number, ms: number, step: () => Promise<void>): Promise<Loop> {
  const start = performance.now();
  let done = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() - start < ms) {
      await step();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  const seconds = (performance.now() - start) / 1000;
  return { done, perSecond: done / seconds };
}

export interface Loop {
  readonly done: number;
  readonly perSecond: number;
}

/**
 * What docs/operations.md tells the owner of a busy Postgres: no checkpoint within the seconds of a benchmark, as there
 * is none within most seconds of a day.
 */
export const BUSY_SERVER = { max_wal_size: '4GB', min_wal_size: '4GB' } as const;
