import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Resident memory of a process and of all its descendants together, in MiB, as `ps` tells it. */
export async function residentMb(root: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,rss=']);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [pid: number, parent: number, kib: number]);
  const family = new Set([root]);
  for (let before = 0; before < family.size;) {
    before = family.size;
    for (const [pid, parent] of rows) if (family.has(parent)) family.add(pid);
  }
  const kib = rows.reduce((sum, [pid, , resident]) => sum + (family.has(pid) ? resident : 0), 0);
  return Math.round(kib / 1024);
}
