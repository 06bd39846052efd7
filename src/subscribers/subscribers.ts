import { createHmac } from 'node:crypto';
import type { Clock } from '../runtime/clock.ts';
import type { SubscribersConfig } from '../runtime/config/subscribers.ts';
import type { Logger } from '../runtime/log.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import { createClosings } from './closing.ts';
import { createPerform } from './event.ts';
import { createLifecycle } from './lifecycle.ts';
import { createNumberChanges } from './number-changes.ts';
import { createPins } from './pin.ts';
import type { OnClosed, Wallets } from './ports.ts';
import { createNumberResolver } from './resolve.ts';
import { findNumber, findSubscriber, listLastNumbers } from './store.ts';

export interface SubscribersDeps {
  readonly pool: PostgresPool;
  readonly clock: Clock;
  readonly log: Logger;
  /** At least 32 octets, kept outside the database. */
  readonly secret: Buffer;
  readonly wallets: Wallets;
  readonly onClosed: OnClosed;
}

export type Subscribers = ReturnType<typeof createSubscribers>;

/** Everything about who a subscriber is, as the daemon hands it to channels. */
export function createSubscribers(config: SubscribersConfig, deps: SubscribersDeps) {
  const { pool, clock, log, wallets, onClosed } = deps;
  // One key in the file, one derived key per use: a verifier can never be mistaken for a content hash.
  const keyFor = (use: string): Buffer =>
    createHmac('sha256', deps.secret).update(`bonusgate ${use}`).digest();
  const closings = createClosings(pool, onClosed, log);
  const perform = createPerform({ pool, clock, settle: closings.settle, secret: keyFor('subscriber event') });
  return {
    resolveNumber: createNumberResolver(pool),
    findSubscriber: (id: bigint) => findSubscriber(pool, id),
    findNumber: (id: bigint) => findNumber(pool, id),
    listLastNumbers: (id: bigint) => listLastNumbers(pool, id),
    ...createLifecycle(perform, wallets),
    ...createNumberChanges(perform, wallets),
    ...createPins({ db: pool, clock, log, config: config.pin, secret: keyFor('pin verifier') }),
    /** Finishes what a crash or a failing callback left open; at start and every minute. */
    retryClosings: closings.retry,
  };
}
