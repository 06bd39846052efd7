import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import type { SendSms } from '../../notify/ports.ts';
import type { EphemeralStore } from '../../storage/ephemeral.ts';
import { DAY_MS, later } from '../../values/instant.ts';
import type { MobileOriginated } from '../mobile-originated.ts';
import type { ReplySms } from './receive.ts';

export interface StrangerDeps {
  readonly store: EphemeralStore;
  readonly send: SendSms;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Answers a number that takes no part in the programme, at most once a day: its owner may have mistyped a short code,
 * or be a machine that answers everything. Not worth a durable record: if it is lost, nothing is.
 */
export function createNotifyStranger({ store, send, clock, log }: StrangerDeps) {
  return async (mo: MobileOriginated, reply: ReplySms): Promise<void> => {
    try {
      const times = await store.increment(`stranger:${reply.destination}`, later(clock.now(), DAY_MS));
      if (times > 1) return;
      const receipt = await send({ ...reply, id: `stranger-${mo.trace}`, trace: mo.trace, receipt: false });
      if (receipt.kind !== 'accepted')
        log.info({ trace: mo.trace, result: receipt.kind }, 'stranger not answered');
    } catch (error) {
      log.warn({ err: error, trace: mo.trace }, 'stranger not answered');
    }
  };
}
