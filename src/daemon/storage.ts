import path from 'node:path';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config/config.ts';
import type { Logger } from '../runtime/log.ts';
import type { EphemeralStore } from '../storage/ephemeral.ts';
import { createInProcessStore } from '../storage/in-process-store.ts';
import { createPool, type PostgresPool } from '../storage/postgres.ts';
import { openRedisStore } from '../storage/redis-store.ts';
import { takeDaemonLock, type DaemonLock } from '../storage/single-daemon.ts';

export interface Storage {
  readonly url: string;
  readonly pool: PostgresPool;
  readonly store: EphemeralStore;
  /** Postgres answers, the lock is held, Redis (where there is one) is there. */
  readonly checks: readonly { readonly name: string; check(): Promise<boolean> | boolean }[];
  close(): Promise<void>;
}

/** A file of the state folder. */
export function inHome(home: string, file: string): string {
  return path.join(home, file);
}

/** @throws Fault when a store cannot be reached or another daemon makes it impossible */
export async function openStorage(config: Config, clock: Clock, log: Logger): Promise<Storage> {
  const { storage } = config;
  const url = storage.databaseUrl;
  if (url === undefined) throw new Error('no database: set storage.databaseUrl or DATABASE_URL');
  const pool = createPool(
    {
      url,
      connectionsMax: storage.connectionsMax,
      connectTimeoutMs: storage.connectTimeoutMs,
      queryTimeoutMs: storage.queryTimeoutMs,
      applicationName: 'bonusgate',
    },
    (error) => log.warn({ err: error }, 'postgres connection lost'),
  );
  const redisUrl = storage.redisUrl ?? process.env['REDIS_URL'];
  const redis =
    redisUrl === undefined
      ? undefined
      : await openRedisStore({
          url: redisUrl,
          clock,
          ...storage.redis,
          onAvailable: (available) => log.error({ available }, 'redis availability changed'),
        });
  const lock: DaemonLock = await takeDaemonLock({ url, ...(redis && { redis }), clock, log });
  const store = redis ?? createInProcessStore(clock);
  return {
    url,
    pool,
    store,
    checks: [
      { name: 'postgres', check: async () => (await pool.query('select 1')).length === 1 },
      { name: 'daemon_lock', check: () => lock.held() },
      ...(redis === undefined ? [] : [{ name: 'redis', check: () => redis.available() }]),
    ],
    close: async () => {
      await lock.release();
      await store.close();
      await pool.end();
    },
  };
}
