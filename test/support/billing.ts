import type { BillingAnswer, MoveMoney, SwitchService } from '../../src/billing/ports.ts';
import { Fault } from '../../src/errors.ts';

/** A billing system that keeps its promise: one effect per key, the same answer to a repetition. */
export class BillingDouble {
  money = 10_000n;
  readonly services = new Set<string>();
  /** How the next calls go: not done at all, done but the answer is lost, or refused. */
  readonly mishaps: ('down' | 'lost' | 'refused')[] = [];
  calls = 0;
  readonly #done = new Map<string, BillingAnswer>();

  readonly moveMoney: MoveMoney = ({ key, direction, minor }) =>
    this.#once(key, () => {
      if (direction === 'charge' && this.money < minor) return { kind: 'refused', reason: 'no money' };
      this.money += direction === 'charge' ? -minor : minor;
      return { kind: 'done' };
    });

  readonly switchService: SwitchService = ({ key, service, on }) =>
    this.#once(key, () => {
      if (on) this.services.add(service);
      else this.services.delete(service);
      return { kind: 'done' };
    });

  #once(key: string, act: () => BillingAnswer): Promise<BillingAnswer> {
    this.calls += 1;
    const mishap = this.mishaps.shift();
    if (mishap === 'down') return Promise.reject(new Fault('billing is down'));
    const known = this.#done.get(key);
    const answer: BillingAnswer =
      known ?? (mishap === 'refused' ? { kind: 'refused', reason: 'not available' } : act());
    this.#done.set(key, answer);
    return mishap === 'lost' ? Promise.reject(new Fault('the answer was lost')) : Promise.resolve(answer);
  }
}
