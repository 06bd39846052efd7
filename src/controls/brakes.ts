import { Refusal } from '../errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { gauge } from '../runtime/metrics.ts';
import type { Db } from '../storage/postgres.ts';
import { BRAKES, insertBrakeEvent, listBrakes, type Brake, type BrakeState } from './brake-store.ts';

/** For how long a brake that another daemon pulled may stay unseen. */
export const BRAKES_FRESH_MS = 1_000;

/** Emergency brakes: one audited command stops all transfers, redemptions, redirects or messages. */
export interface Brakes {
  /** From memory, for every single operation. */
  isEngaged(brake: Brake): boolean;
  /** @throws Refusal `stopped` with `brake` */
  check(brake: Brake): void;
  /** All of them, those that were never moved as released. */
  list(): Promise<readonly (BrakeState | { readonly brake: Brake; readonly engaged: false })[]>;
  /** Works in this daemon at once, in the others within {@link BRAKES_FRESH_MS}. */
  move(state: Omit<BrakeState, 'at'>): Promise<void>;
  /** Tells of every change, and of what is engaged at the start. */
  onChange(listener: (brake: Brake, engaged: boolean) => void): void;
  start(): Promise<void>;
  stop(): void;
}

const engagedGauge = gauge('bonusgate_brake_engaged', '1 while the emergency brake is on', ['brake']);

export function createBrakes(db: Db, clock: Clock, log: Logger): Brakes {
  const engaged = new Set<Brake>();
  const listeners: ((brake: Brake, engaged: boolean) => void)[] = [];
  let cancel = (): void => undefined;
  let stopped = false;

  const take = (brake: Brake, on: boolean): void => {
    engagedGauge.set({ brake }, on ? 1 : 0);
    if (engaged.has(brake) === on) return;
    if (on) engaged.add(brake);
    else engaged.delete(brake);
    log.warn({ brake, engaged: on }, 'emergency brake moved');
    for (const listener of listeners) listener(brake, on);
  };
  const refresh = async (): Promise<void> => {
    const moved = new Map((await listBrakes(db)).map((state) => [state.brake, state.engaged]));
    for (const brake of BRAKES) take(brake, moved.get(brake) ?? false);
  };
  /** What was engaged stays so while the database does not answer. */
  const follow = async (): Promise<void> => {
    await refresh().catch((err: unknown) => log.warn({ err }, 'brakes not read'));
    if (!stopped) cancel = clock.after(BRAKES_FRESH_MS, () => void follow());
  };
  return {
    isEngaged: (brake) => engaged.has(brake),
    check: (brake) => {
      if (engaged.has(brake)) throw new Refusal('stopped', { brake });
    },
    list: async () => {
      const moved = await listBrakes(db);
      return BRAKES.map(
        (brake) => moved.find((state) => state.brake === brake) ?? { brake, engaged: false as const },
      );
    },
    move: async (state) => {
      await insertBrakeEvent(db, { ...state, at: new Date(clock.now()) });
      await refresh();
    },
    onChange: (listener) => {
      listeners.push(listener);
      for (const brake of engaged) listener(brake, true);
    },
    start: follow,
    stop: () => {
      stopped = true;
      cancel();
    },
  };
}
