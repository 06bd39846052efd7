import type { Handset, HandsetMessage } from '../smsc/smsc.ts';
import type { Feed } from './feed.ts';
import type { DemoSubscriber, Network } from './network.ts';
import type { Endpoints, Fields } from './router.ts';

/** Sends and shows short messages. */
export function messageEndpoints(
  network: Network,
  feed: Feed,
  subscriberOf: (fields: Fields, name?: string) => DemoSubscriber,
  shortCode: string,
): Endpoints {
  return {
    'GET /phone/api/messages': async (fields) => {
      const { msisdn } = subscriberOf(fields, 'msisdn');
      return Promise.resolve({ messages: network.smsc.handset(msisdn).messages });
    },
    'POST /phone/api/messages': async (fields) => {
      const handset = network.smsc.handset(subscriberOf(fields).msisdn);
      const to = fields.text('to', shortCode);
      const waitMs = fields.number('waitMs', { min: 0, max: 60_000, fallback: 0 });
      const reply = waitMs > 0 ? replyFrom(handset, to, waitMs) : undefined;
      const sent = handset.send(fields.text('text'), to).then((status) => {
        feed.log(handset.msisdn, 'SMPP', deliveryLine(handset.msisdn, to, status));
        return status;
      });
      if (reply === undefined) return { sent: handset.messages.at(-1) };
      const answer = await reply;
      // Without an answer the message may still be on its way: do not wait for the SMSC's last attempt.
      const status = answer === undefined ? undefined : await sent;
      return { status, reply: answer };
    },
  };
}

/** Passes everything a handset shows to the open pages; called once for each subscriber. */
export function watchHandset(handset: Handset, feed: Feed): void {
  handset.events.on('message', (message) => {
    feed.publish(handset.msisdn, { kind: 'message', data: message });
    if (message.direction === 'in') {
      const parts = message.parts === 1 ? '' : `, ${message.parts} parts`;
      feed.log(handset.msisdn, 'SMPP', `submit_sm ${message.peer} -> ${handset.msisdn}${parts}: taken`);
    }
  });
  handset.events.on('state', (message) => feed.publish(handset.msisdn, { kind: 'state', data: message }));
}

function replyFrom(handset: Handset, peer: string, waitMs: number): Promise<HandsetMessage | undefined> {
  return new Promise((resolve) => {
    const settle = (message: HandsetMessage | undefined): void => {
      clearTimeout(timer);
      handset.events.removeListener('message', heard);
      resolve(message);
    };
    const heard = (message: HandsetMessage): void => {
      if (message.direction === 'in' && message.peer === peer) settle(message);
    };
    const timer = setTimeout(() => settle(undefined), waitMs);
    handset.events.on('message', heard);
  });
}

function deliveryLine(
  from: string,
  to: string,
  status: { kind: string; commandStatus: number | undefined; attempts: number },
): string {
  const answer =
    status.commandStatus === undefined
      ? 'no answer'
      : `0x${status.commandStatus.toString(16).padStart(8, '0')}`;
  const tries = status.attempts === 1 ? '' : ` after ${status.attempts} attempts`;
  return `deliver_sm ${from} -> ${to}: ${status.kind}${tries} (${answer})`;
}
