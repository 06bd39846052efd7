import { statfs } from 'node:fs/promises';
import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';
import { gauge } from './metrics.ts';

export interface DiskGuardOptions {
  /** A folder on the disk of Postgres. */
  readonly folder: string;
  /** Read at each check, since a reload may change them. In mebibytes. */
  readonly limits: () => { readonly stopBelowMb: number; readonly resumeAboveMb: number };
  readonly checkEveryMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Free bytes for an ordinary user; statfs(2) outside tests. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

/** Says whether new work may be taken in. Postgres on a full disk stays down; a gateway that says "busy" recovers. */
export interface DiskGuard {
  intakeOpen(): boolean;
  /** Looks now, then at every interval. */
  start(): Promise<void>;
  stop(): void;
}

const freeGauge = gauge('bonusgate_disk_free_bytes', 'Free space where the disk guard looks');
const openGauge = gauge('bonusgate_disk_intake_open', '1 while there is enough free space to take in work');

const MEBIBYTE = 2 ** 20;

/** Closes intake below one limit and opens it above a higher one, so that it does not flap between them. */
export function createDiskGuard(options: DiskGuardOptions): DiskGuard {
  const { folder, limits, checkEveryMs, clock, log, freeBytes = statfsFree } = options;
  let open = true;
  let stopped = false;
  let cancel = (): void => undefined;

  const judge = (free: number): void => {
    const { stopBelowMb, resumeAboveMb } = limits();
    const next = open ? free >= stopBelowMb * MEBIBYTE : free > resumeAboveMb * MEBIBYTE;
    freeGauge.set(free);
    openGauge.set(next ? 1 : 0);
    if (next !== open)
      log.error({ folder, freeMb: Math.floor(free / MEBIBYTE), open: next }, 'disk guard switched intake');
    open = next;
  };

  const check = async (): Promise<void> => {
    try {
      judge(await freeBytes(folder));
    } catch (error) {
      // A folder that cannot be looked at says nothing about free space: the last answer stays.
      log.error({ err: error, folder }, 'disk guard cannot look');
    }
    if (!stopped) cancel = clock.after(checkEveryMs, () => void check());
  };

  return {
    intakeOpen: () => open,
    start: check,
    stop: () => {
      stopped = true;
      cancel();
    },
  };
}

async function statfsFree(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
