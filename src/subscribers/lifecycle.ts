import type { Db } from '../storage/postgres.ts';
import type { Instant } from '../values/instant.ts';
import type { Language } from '../values/language.ts';
import type { Msisdn } from '../values/msisdn.ts';
import { onOwner, type Perform } from './event.ts';
import type { Wallets } from './ports.ts';
import { insertSubscriber, openNumber, updateSettings, updateStatus } from './store.ts';
import type { LifecycleAnswer, LifecycleRequest } from './subscriber.ts';

export interface Registration {
  readonly msisdn: Msisdn;
  readonly language: Language;
  /** IANA time zone. */
  readonly zone: string;
}

export interface Settings {
  readonly language?: Language | undefined;
  readonly zone?: string | undefined;
}

/** Makes the subscriber, gives it the number and opens its wallet, all in the caller's transaction. */
export async function createSubscriber(
  tx: Db,
  { msisdn, language, zone }: Registration,
  at: Instant,
  wallets: Wallets,
): Promise<{ readonly id: bigint; readonly numberId: bigint }> {
  const id = await insertSubscriber(tx, language, zone, at);
  const numberId = await openNumber(tx, msisdn, id, at);
  await wallets.open(tx, id, at);
  return { id, numberId };
}

/**
 * The events in a subscriber's life that leave the number where it is. Each is done once per `eventId`.
 *
 * All throw Refusal `idempotency_mismatch` when the event id was used for something else, and `subscriber_unknown`
 * when nobody has the number now.
 */
export function createLifecycle(perform: Perform, wallets: Wallets) {
  const setStatus = (
    request: LifecycleRequest,
    kind: 'suspend' | 'resume',
    msisdn: Msisdn,
  ): Promise<LifecycleAnswer> =>
    onOwner(perform, request, kind, [msisdn], async (tx, { subscriber }) => {
      await updateStatus(tx, subscriber.id, kind === 'suspend' ? 'suspended' : 'active');
      await wallets.setSuspended(tx, subscriber.id, kind === 'suspend');
      return {};
    });

  return {
    /** A new person with a new id and an empty wallet, whoever had the number before. Refusal `number_in_use`. */
    register: (request: LifecycleRequest, registration: Registration): Promise<LifecycleAnswer> => {
      const { msisdn, language, zone } = registration;
      return perform(request, 'register', [msisdn, language, zone], async (tx, at) => {
        const { id, numberId } = await createSubscriber(tx, registration, at, wallets);
        return { journalOf: id, newNumber: numberId };
      });
    },

    changeSettings: (
      request: LifecycleRequest,
      msisdn: Msisdn,
      { language, zone }: Settings,
    ): Promise<LifecycleAnswer> =>
      onOwner(
        perform,
        request,
        'settings',
        [msisdn, language ?? '', zone ?? ''],
        async (tx, { subscriber }) => {
          await updateSettings(tx, subscriber.id, language ?? null, zone ?? null);
          return {};
        },
      ),

    /** For the subscriber's own channels, which know the id. */
    setLanguage: (
      request: LifecycleRequest,
      subscriberId: bigint,
      language: Language,
    ): Promise<LifecycleAnswer> =>
      perform(request, 'settings', [String(subscriberId), language], async (tx) => {
        await updateSettings(tx, subscriberId, language, null);
        return { journalOf: subscriberId };
      }),

    /** What was started is closed and nothing new begins; number, wallet and PIN stay. */
    suspend: (request: LifecycleRequest, msisdn: Msisdn) => setStatus(request, 'suspend', msisdn),

    resume: (request: LifecycleRequest, msisdn: Msisdn) => setStatus(request, 'resume', msisdn),
  };
}
