import { createHash } from 'node:crypto';
import { pino } from 'pino';
import { subscribersConfig } from '../../src/runtime/config/subscribers.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { newTraceId } from '../../src/runtime/ids.ts';
import type { PostgresPool } from '../../src/storage/postgres.ts';
import type { OnClosed, Wallets } from '../../src/subscribers/ports.ts';
import type { LifecycleRequest } from '../../src/subscribers/subscriber.ts';
import { createSubscribers, type Subscribers } from '../../src/subscribers/subscribers.ts';
import type { Msisdn } from '../../src/values/msisdn.ts';

const nothing = (): Promise<void> => Promise.resolve();

/** The subscribers of a test, without wallets unless the test brings them. */
export function subscribersOf(
  pool: PostgresPool,
  clock: Clock,
  given: {
    readonly wallets?: Partial<Wallets>;
    readonly onClosed?: OnClosed;
    readonly pin?: Partial<(typeof subscribersConfig)['_zod']['output']['pin']>;
  } = {},
): Subscribers {
  return createSubscribers(subscribersConfig.parse({ pin: given.pin ?? {} }), {
    pool,
    clock,
    log: pino({ level: 'silent' }),
    secret: createHash('sha256').update('test').digest(),
    wallets: { open: nothing, setSuspended: nothing, ...given.wallets },
    onClosed: given.onClosed ?? (() => Promise.resolve()),
  });
}

let serial = 0;

/** A request that nobody made before. */
export function freshRequest(eventId = `test:${++serial}`): LifecycleRequest {
  return { eventId, actor: 'test', trace: newTraceId() };
}

/** A number that no other test of the run uses. */
export function freshMsisdn(): Msisdn {
  return `7916${String(++serial).padStart(7, '0')}` as Msisdn;
}

/** The code of the Refusal that `work` ends with; anything else, success included, fails the test. */
export async function refusalOf(work: Promise<unknown>): Promise<string> {
  const ended = await work.then(
    () => 'no refusal',
    (error: unknown) => error,
  );
  if (ended instanceof Error && ended.name === 'Refusal') return (ended as Error & { code: string }).code;
  throw ended instanceof Error ? ended : new Error(String(ended));
}
