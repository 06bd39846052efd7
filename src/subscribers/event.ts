import { createHmac } from 'node:crypto';
import { Refusal } from '../errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Db, PostgresPool } from '../storage/postgres.ts';
import type { Instant } from '../values/instant.ts';
import type { Msisdn } from '../values/msisdn.ts';
import {
  findEvent,
  insertClosing,
  insertEvent,
  lockEvent,
  lockOwner,
  type LockedSubscriber,
} from './store.ts';
import { closes, type LifecycleAnswer, type LifecycleKind, type LifecycleRequest } from './subscriber.ts';

export interface PerformDeps {
  readonly pool: PostgresPool;
  readonly clock: Clock;
  /** Key of the content hashes: a plain hash of a number could be reversed by trying all numbers. */
  readonly secret: Buffer;
  /** Carries out what an event closes, after its commit. Never rejects. */
  readonly settle: (eventId: string) => Promise<void>;
}

/** What an event changed, for its journal row. */
export interface Change {
  /** Whose journal it belongs to, and who is closed when the kind closes somebody. */
  readonly journalOf: bigint;
  /** Who has the number afterwards, when that is somebody else. */
  readonly heir?: bigint;
  readonly oldNumber?: bigint;
  readonly newNumber?: bigint;
}

/** Does an event once: `content` tells a repetition from another event under the same id. */
export type Perform = (
  request: LifecycleRequest,
  kind: LifecycleKind,
  content: readonly string[],
  apply: (tx: Db, at: Instant) => Promise<Change>,
) => Promise<LifecycleAnswer>;

/**
 * The frame of every lifecycle event: one transaction with the journal row, the stored answer for a repetition.
 * Refusals are not stored: what was impossible may become possible, and nothing was changed.
 */
export function createPerform({ pool, clock, secret, settle }: PerformDeps): Perform {
  return async (request, kind, content, apply) => {
    const contentHash = createHmac('sha256', secret)
      .update(JSON.stringify([request.eventId, kind, ...content]))
      .digest();
    const answer = await refusingTakenNumbers(() =>
      pool.transaction(async (tx): Promise<LifecycleAnswer> => {
        await lockEvent(tx, request.eventId);
        const earlier = await findEvent(tx, request.eventId);
        if (earlier !== undefined) {
          if (!earlier.contentHash.equals(contentHash)) throw new Refusal('idempotency_mismatch');
          return { subscriberId: earlier.subscriberId, replayed: true };
        }
        return { subscriberId: await record(tx, request, kind, contentHash, apply), replayed: false };
      }),
    );
    if (closes(kind)) await settle(request.eventId);
    return answer;
  };

  async function record(
    tx: Db,
    request: LifecycleRequest,
    kind: LifecycleKind,
    contentHash: Buffer,
    apply: (tx: Db, at: Instant) => Promise<Change>,
  ): Promise<bigint> {
    const at = clock.now();
    const change = await apply(tx, at);
    await insertEvent(tx, {
      id: request.eventId,
      subscriberId: change.journalOf,
      heirId: change.heir ?? null,
      kind,
      at,
      actor: request.actor,
      trace: request.trace,
      contentHash,
      oldNumber: change.oldNumber ?? null,
      newNumber: change.newNumber ?? null,
    });
    if (closes(kind)) {
      await insertClosing(tx, { eventId: request.eventId, subscriberId: change.journalOf, kind, at });
    }
    return change.heir ?? change.journalOf;
  }
}

/** An event of whoever has the number `content[0]` now, who stays locked while `apply` changes things. */
export function onOwner(
  perform: Perform,
  request: LifecycleRequest,
  kind: LifecycleKind,
  content: readonly [Msisdn, ...string[]],
  apply: (tx: Db, owner: LockedSubscriber, at: Instant) => Promise<Omit<Change, 'journalOf'>>,
): Promise<LifecycleAnswer> {
  return perform(request, kind, content, async (tx, at) => {
    const owner = await lockOwner(tx, content[0]);
    if (owner === undefined) throw new Refusal('subscriber_unknown');
    return { journalOf: owner.subscriber.id, ...(await apply(tx, owner, at)) };
  });
}

const ONE_OWNER = ['number_has_one_owner_now', 'number_has_one_owner_at_any_instant'];

/** The constraint decides who was first, so two takers of one number need no lock of ours. */
async function refusingTakenNumbers<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { constraint } = error as { constraint?: string };
    if (constraint !== undefined && ONE_OWNER.includes(constraint)) throw new Refusal('number_in_use');
    throw error;
  }
}
