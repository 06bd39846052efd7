import { z } from 'zod';
import { milliseconds } from './kinds.ts';

const redis = z.strictObject({
  commandTimeoutMs: milliseconds(1_000).describe('an answer must arrive within'),
  connectTimeoutMs: milliseconds(3_000),
  keyPrefix: z.string().min(1).max(40).default('bonusgate:').describe('first part of every key'),
});

/** Section `storage`: Postgres, the system of record, and Redis, which holds what may be lost. */
export const storageConfig = z.strictObject({
  databaseUrl: z
    .url({
      protocol: /^postgres(ql)?$/,
      message: 'is a Postgres URL, for example postgres://user:password@host:5432/bonusgate',
    })
    .optional()
    .describe('Postgres, as the runtime role; when absent, the environment variable DATABASE_URL'),
  redisUrl: z
    .url({ protocol: /^rediss?$/, message: 'is a Redis URL, for example redis://host:6379' })
    .optional()
    .describe(
      'Redis or Valkey, needed by more than one daemon; when absent, REDIS_URL; else memory of this process',
    ),
  connectionsMax: z
    .int()
    .min(2)
    .max(200)
    .default(8)
    .describe('connections of this daemon to Postgres, ledger lanes apart'),
  connectTimeoutMs: milliseconds(5_000),
  queryTimeoutMs: milliseconds(10_000).describe('a statement must be answered within'),
  redis: redis.prefault({}),
});

export type StorageConfig = z.output<typeof storageConfig>;
