import type { UssdDialogue } from '../ussd-centre/dialogue.ts';
import type { Feed } from './feed.ts';
import type { DemoSubscriber, Network } from './network.ts';
import { type Endpoints, type Fields, PhoneError } from './router.ts';

/** What the handset shows of a dialogue: the screen, whether it can be answered, and how it ended. */
interface UssdView {
  readonly code: string;
  readonly screen: string | undefined;
  readonly end: string | undefined;
}

/** Dials USSD codes and answers the screens. Each request waits for what the network shows next. */
export function ussdEndpoints(
  network: Network,
  feed: Feed,
  subscriberOf: (fields: Fields, name?: string) => DemoSubscriber,
  ussdCode: string,
): Endpoints {
  const open = new Map<string, UssdDialogue>();
  const show = async (dialogue: UssdDialogue): Promise<UssdView> => {
    const display = await dialogue.next();
    const end = display?.final === true ? 'final' : dialogue.end;
    const view = { code: dialogue.code, screen: display?.text, end };
    feed.publish(dialogue.msisdn, { kind: 'ussd', data: view });
    const told = display === undefined ? `dialogue over: ${end ?? ''}` : 'screen shown';
    feed.log(
      dialogue.msisdn,
      'USSD',
      `${dialogue.code} ${told}${display?.final === true ? ', dialogue over' : ''}`,
    );
    return view;
  };
  const current = (fields: Fields): UssdDialogue => {
    const dialogue = open.get(subscriberOf(fields).msisdn);
    if (dialogue === undefined || dialogue.end !== undefined)
      throw new PhoneError(409, 'no dialogue is open');
    return dialogue;
  };
  return {
    'POST /phone/api/ussd': (fields) => {
      const { msisdn } = subscriberOf(fields);
      const code = fields.text('code', ussdCode).trim();
      if (!/^[*#][\d*#]{1,60}#$/.test(code)) throw new PhoneError(400, `a USSD code looks like ${ussdCode}`);
      const dialogue = network.ussd.dial(msisdn, code);
      feed.log(msisdn, 'USSD', `${code} dialled: PSSR indication`);
      open.set(msisdn, dialogue);
      return show(dialogue);
    },
    'POST /phone/api/ussd/answer': (fields) => {
      const dialogue = current(fields);
      const text = fields.text('text');
      dialogue.answer(text);
      feed.log(dialogue.msisdn, 'USSD', `${dialogue.code} answered: USSR confirm`);
      return show(dialogue);
    },
    'POST /phone/api/ussd/abort': (fields) => {
      const dialogue = current(fields);
      dialogue.abort();
      return show(dialogue);
    },
  };
}
