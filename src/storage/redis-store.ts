import { Redis } from 'ioredis';
import { Fault } from '../errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Instant } from '../values/instant.ts';
import type { EphemeralStore } from './ephemeral.ts';
import { INCREMENT, PUT } from './redis-scripts.ts';

export interface RedisStoreOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly commandTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** First part of every key: several deployments may share a server. */
  readonly keyPrefix: string;
  /** Told at every change: a lost Redis is an alarm, a found one its end. */
  readonly onAvailable: (available: boolean) => void;
}

export const REDIS_DEFAULTS = {
  commandTimeoutMs: 1_000,
  connectTimeoutMs: 3_000,
  keyPrefix: 'bonusgate:',
} as const;

/** The ephemeral store that several daemons share. */
export interface RedisStore extends EphemeralStore {
  /** Writes the identity of this Redis when it has none; returns the one it has. See single-daemon.ts. */
  claimIdentity(proposed: string): Promise<string>;
  available(): boolean;
}

/** Keeps a key a little longer than its value lives: the clock port decides, not the server. */
const KEY_MARGIN_MS = 60_000;
const RECONNECT_MS_MAX = 2_000;

/**
 * Connects to Redis or Valkey.
 *
 * Every command has a deadline and nothing is queued while the connection is down: a dialogue step answers "sorry" at
 * once instead of hanging. The connection comes back by itself.
 *
 * @throws Fault when the server cannot be reached at start
 */
export async function openRedisStore(options: RedisStoreOptions): Promise<RedisStore> {
  const redis = new Redis(options.url, connectionOptions(options));
  watch(redis, options.onAvailable);
  try {
    await redis.connect();
  } catch (cause) {
    redis.disconnect();
    throw new Fault('Redis cannot be reached', { cause });
  }
  const { clock, keyPrefix } = options;
  const valueKey = (key: string) => `${keyPrefix}v:${key}`;
  const counterKey = (key: string) => `${keyPrefix}c:${key}`;
  const identityKey = `${keyPrefix}store_id`;
  const lifetime = (expiresAt: Instant) => Math.max(1, expiresAt - clock.now() + KEY_MARGIN_MS);
  const put = async (key: string, value: string, expiresAt: Instant, expected: number | '*') => {
    const args = [value, expiresAt, expected, clock.now(), lifetime(expiresAt)];
    const version = await run(redis, 'put', PUT, valueKey(key), args);
    return version === null ? undefined : Number(version);
  };

  return {
    find: async (key) => {
      const [value, version, expires] = await guarded(
        redis.hmget(valueKey(key), 'value', 'version', 'expires'),
      );
      if (typeof value !== 'string' || Number(expires) <= clock.now()) return undefined;
      return { value, version: Number(version) };
    },
    put,
    replace: async (key, value, expiresAt) => (await put(key, value, expiresAt, '*'))!,
    remove: async (key) => {
      await guarded(Promise.all([redis.unlink(valueKey(key)), redis.unlink(counterKey(key))]));
    },
    increment: async (key, expiresAt) => {
      const args = [expiresAt, clock.now(), lifetime(expiresAt)];
      return Number(await run(redis, 'increment', INCREMENT, counterKey(key), args));
    },
    claimIdentity: async (proposed) => {
      await guarded(redis.set(identityKey, proposed, 'NX'));
      return (await guarded(redis.get(identityKey))) ?? proposed;
    },
    available: () => redis.status === 'ready',
    close: async () => {
      // A server that is gone cannot say goodbye.
      await redis.quit().catch(() => redis.disconnect());
    },
  };
}

function connectionOptions(options: RedisStoreOptions) {
  return {
    protocol: 3,
    lazyConnect: true,
    commandTimeout: options.commandTimeoutMs,
    // A link that has died without a word is given up, or it would look well for ever.
    socketTimeout: options.commandTimeoutMs,
    connectTimeout: options.connectTimeoutMs,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt: number) => Math.min(attempt * 100, RECONNECT_MS_MAX),
    keepAlive: 10_000,
  } as const;
}

function watch(redis: Redis, onAvailable: (available: boolean) => void): void {
  let available = false;
  const tell = (now: boolean) => {
    if (now === available) return;
    available = now;
    onAvailable(now);
  };
  redis.on('ready', () => tell(true));
  redis.on('close', () => tell(false));
  // The reason arrives with each failed command; without a listener it would be printed.
  redis.on('error', () => undefined);
}

type Scripted = Redis & Record<string, (...args: unknown[]) => Promise<string | number | null>>;

/** ioredis sends the hash and falls back to the text when the server has forgotten it. */
async function run(redis: Redis, name: string, lua: string, key: string, args: readonly (string | number)[]) {
  const command = `bonusgate_${name}`;
  const scripted = redis as Scripted;
  if (scripted[command] === undefined) redis.defineCommand(command, { numberOfKeys: 1, lua });
  return guarded(scripted[command]!(key, ...args));
}

async function guarded<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new Fault('Redis did not answer', { cause });
  }
}
