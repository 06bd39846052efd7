import { Refusal } from '../errors.ts';
import type { Msisdn } from '../values/msisdn.ts';
import { onOwner, type Perform } from './event.ts';
import { createSubscriber, type Settings } from './lifecycle.ts';
import type { Wallets } from './ports.ts';
import { closeNumber, closeSubscriber, openNumber } from './store.ts';
import type { LifecycleAnswer, LifecycleRequest } from './subscriber.ts';

/**
 * The events that move a number or take it away. Each is done once per `eventId`; refusals as for the other events.
 * Whoever gets a number afterwards is a new subscriber and inherits nothing.
 */
export function createNumberChanges(perform: Perform, wallets: Wallets) {
  const end = (
    request: LifecycleRequest,
    kind: 'terminate' | 'port_out',
    msisdn: Msisdn,
  ): Promise<LifecycleAnswer> =>
    onOwner(perform, request, kind, [msisdn], async (tx, { subscriber, numberId }, at) => {
      await closeNumber(tx, numberId, at);
      await closeSubscriber(tx, subscriber.id, at);
      return { oldNumber: numberId };
    });

  return {
    /** The same person under another number: id, wallet and PIN stay. Refusal `number_in_use`. */
    changeNumber: (request: LifecycleRequest, msisdn: Msisdn, to: Msisdn): Promise<LifecycleAnswer> =>
      onOwner(perform, request, 'change_number', [msisdn, to], async (tx, { subscriber, numberId }, at) => {
        if (to === msisdn) throw new Refusal('number_in_use');
        await closeNumber(tx, numberId, at);
        return { oldNumber: numberId, newNumber: await openNumber(tx, to, subscriber.id, at) };
      }),

    /** The number goes to another person; the answer names the new subscriber. The old one ends. */
    changeOwner: (
      request: LifecycleRequest,
      msisdn: Msisdn,
      { language, zone }: Settings,
    ): Promise<LifecycleAnswer> => {
      const content: [Msisdn, ...string[]] = [msisdn, language ?? '', zone ?? ''];
      return onOwner(perform, request, 'change_owner', content, async (tx, { subscriber, numberId }, at) => {
        await closeNumber(tx, numberId, at);
        await closeSubscriber(tx, subscriber.id, at);
        const heir = { msisdn, language: language ?? subscriber.language, zone: zone ?? subscriber.zone };
        const created = await createSubscriber(tx, heir, at, wallets);
        return { oldNumber: numberId, newNumber: created.numberId, heir: created.id };
      });
    },

    /** The number leaves for another network: the subscriber ends. */
    portOut: (request: LifecycleRequest, msisdn: Msisdn) => end(request, 'port_out', msisdn),

    terminate: (request: LifecycleRequest, msisdn: Msisdn) => end(request, 'terminate', msisdn),
  };
}
