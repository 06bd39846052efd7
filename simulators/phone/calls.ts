import { EventEmitter, once } from 'node:events';
import type { Feed } from './feed.ts';
import type { DemoSubscriber, Network, PhoneCall, SpokenPrompt } from './network.ts';
import { type Endpoints, type Fields, PhoneError } from './router.ts';

interface KeptCall {
  readonly call: PhoneCall;
  readonly prompts: SpokenPrompt[];
  readonly changed: EventEmitter;
  cause: string | undefined;
}

const LONG_POLL_MS = 25_000;

/** Calls the IVR, presses keys, and tells the prompts as text. */
export function callEndpoints(
  network: Network,
  feed: Feed,
  subscriberOf: (fields: Fields, name?: string) => DemoSubscriber,
  ivrNumber: string,
): Endpoints {
  const calls = new Map<string, KeptCall>();
  const keep = (msisdn: string, call: PhoneCall): KeptCall => {
    const kept: KeptCall = { call, prompts: [], changed: new EventEmitter(), cause: undefined };
    calls.set(msisdn, kept);
    const tell = (): void => {
      feed.publish(msisdn, {
        kind: 'call',
        data: { heard: kept.prompts.length, prompt: kept.prompts.at(-1), cause: kept.cause },
      });
      kept.changed.emit('changed');
    };
    call.onPrompt((prompt) => {
      kept.prompts.push(prompt);
      feed.log(msisdn, 'ESL', prompt.asks ? 'prompt played, keys awaited' : 'prompt played');
      tell();
    });
    void call.ended.then((cause) => {
      kept.cause = cause;
      feed.log(msisdn, 'ESL', `call ended: ${cause}`);
      tell();
    });
    return kept;
  };
  const current = (fields: Fields): KeptCall => {
    const kept = calls.get(subscriberOf(fields).msisdn);
    if (kept === undefined || kept.cause !== undefined) throw new PhoneError(409, 'there is no call');
    return kept;
  };
  return {
    'POST /phone/api/call': async (fields) => {
      const subscriber = subscriberOf(fields);
      calls.get(subscriber.msisdn)?.call.hangup();
      const to = fields.text('to', ivrNumber);
      feed.log(subscriber.msisdn, 'ESL', `call to ${to}: FreeSWITCH connects to the gateway`);
      const kept = keep(subscriber.msisdn, await network.call(subscriber, to));
      return { to, prompts: kept.prompts, cause: kept.cause };
    },
    'POST /phone/api/call/press': async (fields) => {
      const digits = fields.text('digits');
      if (!/^[\d*#]{1,32}$/.test(digits)) throw new PhoneError(400, 'keys are 0 to 9, * and #');
      const kept = current(fields);
      const heard = kept.prompts.length;
      kept.call.press(digits);
      return Promise.resolve({ heard });
    },
    'POST /phone/api/call/hangup': async (fields) => {
      current(fields).call.hangup();
      return Promise.resolve({});
    },
    'GET /phone/api/call': async (fields) => {
      const { msisdn } = subscriberOf(fields, 'msisdn');
      const after = fields.number('after', { min: 0, max: 10_000, fallback: 0 });
      const kept = calls.get(msisdn);
      if (kept === undefined) return { prompts: [], cause: 'no call' };
      if (kept.prompts.length <= after && kept.cause === undefined) await changeOf(kept);
      return { prompts: kept.prompts.slice(after), cause: kept.cause };
    },
  };
}

async function changeOf(kept: KeptCall): Promise<void> {
  try {
    await once(kept.changed, 'changed', { signal: AbortSignal.timeout(LONG_POLL_MS) });
  } catch {
    // Nothing happened for a while: the caller asks again.
  }
}
