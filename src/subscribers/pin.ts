import { createHmac, randomBytes } from 'node:crypto';
import { Refusal } from '../errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { PinConfig } from '../runtime/config/subscribers.ts';
import type { Logger } from '../runtime/log.ts';
import { counter } from '../runtime/metrics.ts';
import type { Db } from '../storage/postgres.ts';
import { later } from '../values/instant.ts';
import { isPin, isWeakPin } from './pin-rules.ts';
import { tryPin, updateVerifier } from './pin-store.ts';
import { findNumber } from './store.ts';

/** `locked` covers the subscriber's own lock-out and the breaker of everybody: neither tells whether the PIN was right. */
export type PinCheck = 'ok' | 'wrong' | 'locked' | 'not_set';

export interface PinDeps {
  readonly db: Db;
  readonly clock: Clock;
  /** Key of the verifiers; never in the database: with it alone a stolen dump of four-digit PINs is useless. */
  readonly secret: Buffer;
  readonly config: PinConfig;
  readonly log: Logger;
}

const checks = counter('bonusgate_pin_checks_total', 'PIN checks by result', ['result']);

export type Pins = ReturnType<typeof createPins>;

/** PINs of subscribers: one verifier, one count of failures, whatever the channel. */
export function createPins({ db, clock, secret, config, log }: PinDeps) {
  const verifierOf = (subscriberId: bigint, pin: string): Buffer =>
    createHmac('sha256', secret).update(`${subscriberId}:${pin}`).digest();

  const check = async (subscriberId: bigint, pin: string): Promise<PinCheck> => {
    const now = clock.now();
    const verdict = await tryPin(db, {
      subscriberId,
      verifier: verifierOf(subscriberId, pin),
      blind: randomBytes(16),
      now,
      lockedUntil: later(now, config.lockMs),
      attemptsMax: config.attemptsMax,
      windowEnds: later(now, config.sprayWindowMs),
      sprayFailuresMax: config.sprayFailuresMax,
    });
    if (verdict?.windowFailures === config.sprayFailuresMax) {
      log.error(
        { failures: verdict.windowFailures },
        'too many wrong PINs of all subscribers, checks stop for a while',
      );
    }
    if (verdict?.pinSet !== true) return 'not_set';
    if (verdict.matched === undefined) return 'locked';
    return verdict.matched ? 'ok' : 'wrong';
  };

  return {
    verifyPin: async (subscriberId: bigint, pin: string): Promise<PinCheck> => {
      const result = await check(subscriberId, pin);
      checks.inc({ result });
      return result;
    },

    /**
     * Replaces the PIN and ends a lock-out. The caller has established who asks: staff, or the subscriber by the old PIN.
     *
     * @throws Refusal `pin_weak` (also for anything but 4 to 8 digits), `subscriber_unknown`
     */
    setPin: async (subscriberId: bigint, pin: string): Promise<void> => {
      const own = await findNumber(db, subscriberId);
      if (!isPin(pin) || isWeakPin(pin, own)) throw new Refusal('pin_weak');
      if (!(await updateVerifier(db, subscriberId, verifierOf(subscriberId, pin)))) {
        throw new Refusal('subscriber_unknown');
      }
    },
  };
}
