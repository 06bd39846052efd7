import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { Fault } from '../errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { waitUntil } from '../runtime/pause.ts';

export interface DaemonLockOptions {
  readonly url: string;
  /** The shared store, when there is one: its identity must be the one the other daemons use. */
  readonly redis?: { claimIdentity(proposed: string): Promise<string> };
  readonly clock: Clock;
  readonly log: Logger;
}

/** Proof that no other daemon keeps its own private store on this database. */
export interface DaemonLock {
  /** False while the connection that holds the lock is gone: the daemon is then not ready. */
  held(): boolean;
  release(): Promise<void>;
}

/** Advisory lock of all bonusgate daemons on one database. */
const LOCK = 7_201_002;
const CHECK_EVERY_MS = 5_000;
const ANSWER_WITHIN_MS = 3_000;
/** Another daemon holds the lock exclusively for a moment while it starts with Redis. */
const STARTING_NEIGHBOUR_MS = 1_000;

/**
 * Takes the lock: exclusively without Redis, shared with it.
 *
 * A daemon with the in-process store must be alone, since dialogues and limits of a second one would be invisible to it.
 * With Redis all daemons of one database must use the same Redis: the first one records its identity in Postgres, later
 * ones compare.
 *
 * @throws Fault when another daemon makes that impossible
 */
export async function takeDaemonLock(options: DaemonLockOptions): Promise<DaemonLock> {
  const { clock, log } = options;
  let session = await openSession(options);
  let released = false;
  let cancel: () => void;
  let checking = Promise.resolve();

  const check = async (): Promise<void> => {
    try {
      if (session.alive()) await session.check();
      else session = await openSession(options);
    } catch (error) {
      session.drop();
      log.error({ err: error }, 'daemon lock is not held');
    }
    if (!released) schedule();
  };
  const schedule = () => {
    cancel = clock.after(CHECK_EVERY_MS, () => {
      checking = check();
    });
  };
  schedule();

  return {
    held: () => session.alive(),
    release: async () => {
      released = true;
      cancel();
      // A check in work may be taking the lock anew.
      await checking;
      await session.end();
    },
  };
}

interface LockSession {
  alive(): boolean;
  check(): Promise<void>;
  drop(): void;
  end(): Promise<void>;
}

async function openSession(options: DaemonLockOptions): Promise<LockSession> {
  const client = new pg.Client({
    connectionString: options.url,
    application_name: 'bonusgate daemon lock',
    connectionTimeoutMillis: ANSWER_WITHIN_MS,
    query_timeout: ANSWER_WITHIN_MS,
    keepAlive: true,
  });
  let alive = true;
  const lose = () => (alive = false);
  client.on('error', lose);
  client.on('end', lose);
  const end = async () => {
    alive = false;
    await client.end().catch(() => undefined);
  };
  try {
    await client.connect();
    const verify = await takeLock(client, options.redis);
    return { alive: () => alive, check: verify, drop: () => void end(), end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Takes the lock and returns what must stay true while it is held. */
async function takeLock(client: pg.Client, redis: DaemonLockOptions['redis']): Promise<() => Promise<void>> {
  const alone = await ask(client, 'select pg_try_advisory_lock($1) as ok');
  if (redis === undefined) {
    if (!alone) {
      throw new Fault(
        'another daemon runs on this database: a second one needs storage.redisUrl on every daemon',
      );
    }
    return async () => {
      await client.query('select 1');
    };
  }
  if (alone) {
    await recordStore(client, await redis.claimIdentity(randomUUID()));
    await ask(client, 'select pg_try_advisory_lock_shared($1) as ok');
    await ask(client, 'select pg_advisory_unlock($1) as ok');
  } else {
    const shared = () =>
      ask(client, 'select pg_try_advisory_lock_shared($1) as ok').then((ok) => ok || undefined);
    if ((await waitUntil(shared, { timeoutMs: STARTING_NEIGHBOUR_MS, everyMs: 100 })) === undefined) {
      throw new Fault('a daemon without Redis runs on this database: stop it, or give it storage.redisUrl');
    }
  }
  if (!alone) await compareStore(client, redis);
  return () => compareStore(client, toleratingSilence(redis));
}

/** A Redis that is down is an alarm of its own; it does not make the lock any less held. */
function toleratingSilence(redis: NonNullable<DaemonLockOptions['redis']>) {
  return { claimIdentity: (recorded: string) => redis.claimIdentity(recorded).catch(() => recorded) };
}

async function ask(client: pg.Client, text: string): Promise<boolean> {
  const { rows } = await client.query<{ ok: boolean }>(text, [LOCK]);
  return rows[0]!.ok;
}

async function recordStore(client: pg.Client, identity: string): Promise<void> {
  await client.query(
    `insert into ephemeral_store (only_one, identity) values (true, $1)
     on conflict (only_one) do update set identity = excluded.identity`,
    [identity],
  );
}

/** A Redis that was emptied gets its identity back; one that has another identity is another Redis. */
async function compareStore(
  client: pg.Client,
  redis: NonNullable<DaemonLockOptions['redis']>,
): Promise<void> {
  const { rows } = await client.query<{ identity: string }>('select identity from ephemeral_store');
  const recorded = rows[0]?.identity;
  if (recorded === undefined) throw new Fault('the identity of the Redis in use is not recorded');
  const found = await redis.claimIdentity(recorded);
  if (found === recorded) return;
  throw new Fault(
    'this Redis is not the one that the other daemons on this database use: compare storage.redisUrl',
  );
}
