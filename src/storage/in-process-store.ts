import type { Clock } from '../runtime/clock.ts';
import type { Instant } from '../values/instant.ts';
import type { EphemeralStore } from './ephemeral.ts';

interface Entry {
  readonly value: string;
  readonly version: number;
  readonly expiresAt: Instant;
}

interface Counter {
  count: number;
  readonly expiresAt: Instant;
}

const SWEEP_EVERY_MS = 1_000;
/** Entries looked at per sweep: well under a millisecond, so that the loop never notices. */
const SWEEP_ENTRIES = 20_000;

/**
 * The ephemeral store of a daemon that is alone: correct for one process, gone with it.
 *
 * The exclusive advisory lock (single-daemon.ts) is what makes "alone" true.
 */
export function createInProcessStore(clock: Clock): EphemeralStore {
  const entries = new Map<string, Entry>();
  const counters = new Map<string, Counter>();
  // One sequence for all keys: the version of a removed value never comes back.
  let version = 0;

  const live = (key: string): Entry | undefined => {
    const entry = entries.get(key);
    return entry !== undefined && entry.expiresAt > clock.now() ? entry : undefined;
  };
  const store = (key: string, value: string, expiresAt: Instant): number => {
    version += 1;
    entries.set(key, { value, version, expiresAt });
    return version;
  };
  const stopSweeping = sweepForever(clock, [entries, counters]);

  return {
    find: (key) => {
      const entry = live(key);
      return Promise.resolve(entry && { value: entry.value, version: entry.version });
    },
    put: (key, value, expiresAt, expected) =>
      Promise.resolve((live(key)?.version ?? 0) === expected ? store(key, value, expiresAt) : undefined),
    replace: (key, value, expiresAt) => Promise.resolve(store(key, value, expiresAt)),
    remove: (key) => {
      entries.delete(key);
      counters.delete(key);
      return Promise.resolve();
    },
    increment: (key, expiresAt) => {
      const counter = counters.get(key);
      if (counter === undefined || counter.expiresAt <= clock.now()) {
        counters.set(key, { count: 1, expiresAt });
        return Promise.resolve(1);
      }
      counter.count += 1;
      return Promise.resolve(counter.count);
    },
    close: () => {
      stopSweeping();
      return Promise.resolve();
    },
  };
}

type Expiring = Map<string, { readonly expiresAt: Instant }>;

/** Forgets lapsed entries a slice at a time; returns how to stop. */
function sweepForever(clock: Clock, maps: readonly Expiring[]): () => void {
  const cursors = maps.map((map) => map.entries());
  let cancel: () => void;
  const sweep = (): void => {
    maps.forEach((map, index) => {
      for (let looked = 0; looked < SWEEP_ENTRIES; looked += 1) {
        const next = cursors[index]!.next();
        if (next.done === true) {
          cursors[index] = map.entries();
          break;
        }
        if (next.value[1].expiresAt <= clock.now()) map.delete(next.value[0]);
      }
    });
    cancel = clock.after(SWEEP_EVERY_MS, sweep);
  };
  cancel = clock.after(SWEEP_EVERY_MS, sweep);
  return () => cancel();
}
