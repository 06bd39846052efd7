import { z } from 'zod';
import { milliseconds } from './kinds.ts';

/** Section `log`. */
export const logConfig = z.strictObject({
  level: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('lines below this level are not written'),
});

/** Section `ledger`: how operations are collected into commits. */
export const ledgerConfig = z.strictObject({
  lanes: z.int().min(1).max(8).default(2).describe('connections that post side by side'),
  batchMax: z.int().min(1).max(500).default(200).describe('operations in one commit'),
  liveMax: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(5_000)
    .describe('operations that may wait; more are told "intake full"'),
  patienceMs: milliseconds(5_000).describe('an operation not posted by then is answered "try again"'),
});

/** Section `diskGuard`: intake stops before Postgres fills its disk, because it then stays down. */
export const diskGuardConfig = z.strictObject({
  folder: z
    .string()
    .optional()
    .describe('a folder on the disk of Postgres, when that is this machine; absent: the state folder'),
  stopBelowMb: z.int().min(1).max(10_000_000).default(512).describe('free space at which intake stops'),
  resumeAboveMb: z.int().min(1).max(10_000_000).default(768).describe('free space at which intake goes on'),
  checkEveryMs: milliseconds(10_000, 100),
});

/** Section `lifecycle`. */
export const lifecycleConfig = z.strictObject({
  startTimeoutMs: milliseconds(60_000, 100).describe('one part of the daemon must start within'),
  stopTimeoutMs: milliseconds(30_000, 100).describe('one part of the daemon may take so long to stop'),
});

export type LogConfig = z.output<typeof logConfig>;
export type LedgerConfig = z.output<typeof ledgerConfig>;
export type DiskGuardConfig = z.output<typeof diskGuardConfig>;
export type LifecycleConfig = z.output<typeof lifecycleConfig>;
