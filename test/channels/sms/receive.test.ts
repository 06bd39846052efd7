import { expect } from 'chai';
import type { KnownSubscriber } from '../../../src/channels/caller.ts';
import type { Outcome } from '../../../src/channels/command.ts';
import type { MobileOriginated } from '../../../src/channels/mobile-originated.ts';
import { loadKeywords, type Keywords } from '../../../src/channels/sms/keywords.ts';
import {
  createReceiveMo,
  type PerformSms,
  type ReplySms,
  type SmsRequest,
} from '../../../src/channels/sms/receive.ts';
import { createNotifyStranger } from '../../../src/channels/sms/stranger.ts';
import { loadTexts, type Texts } from '../../../src/channels/texts/texts.ts';
import { Fault, IntakeFull } from '../../../src/errors.ts';
import type { OutboundSms } from '../../../src/notify/ports.ts';
import { manualClock } from '../../../src/runtime/clock.ts';
import { newTraceId } from '../../../src/runtime/ids.ts';
import { createLogger } from '../../../src/runtime/log.ts';
import { createInProcessStore } from '../../../src/storage/in-process-store.ts';
import { DAY_MS, instant } from '../../../src/values/instant.ts';

const ANNA: KnownSubscriber = { subscriberId: 16n, language: 'en', zone: 'Europe/Moscow', status: 'active' };
const log = createLogger({ level: 'silent' });
const BALANCE: Outcome = {
  kind: 'done',
  replayed: false,
  result: { kind: 'balance', balance: { available: 350n, held: 0n, pending: 0n, debt: 0n, expiring: [] } },
};

function mo(text: string, overrides: Partial<MobileOriginated> = {}): MobileOriginated {
  return {
    trace: newTraceId(),
    smsc: 'north',
    bind: 'north-1',
    sessionId: '3f0e3b44-7f05-4b30-8a0b-6f0f3a5f0001',
    origin: 'network',
    source: '79160000001',
    destination: '2500',
    dataCoding: 0,
    octets: Buffer.from(text),
    text,
    identity: '',
    receivedAt: instant(1_760_000_000_000),
    ...overrides,
  };
}

describe('the SMS channel', () => {
  let texts: Texts;
  let keywords: Keywords;
  before(() => {
    texts = loadTexts('conf/texts');
    keywords = loadKeywords('conf/keywords.yaml');
  });

  interface Desk {
    readonly receive: ReturnType<typeof createReceiveMo>;
    readonly requests: SmsRequest[];
    readonly strangers: ReplySms[];
  }
  const open = (
    perform: PerformSms = () => Promise.resolve(BALANCE),
    known: KnownSubscriber | undefined = ANNA,
  ): Desk => {
    const requests: SmsRequest[] = [];
    const strangers: ReplySms[] = [];
    const receive = createReceiveMo({
      texts,
      keywords,
      log,
      numberPlan: { countryCode: '7', trunkPrefix: '8', nationalLength: 10 },
      resolve: (msisdn) => Promise.resolve(msisdn === '79160000001' ? known : undefined),
      perform: (request) => {
        requests.push(request);
        return perform(request);
      },
      notifyStranger: (_mo, reply) => {
        strangers.push(reply);
        return Promise.resolve();
      },
    });
    return { receive, requests, strangers };
  };

  it('hands over the command with a reply that goes back the way the message came', async () => {
    const { receive, requests } = open();
    expect(await receive(mo('balance'))).to.equal('done');
    const [request] = requests;
    expect(request!.command).to.deep.equal({ kind: 'balance' });
    expect(request!.reply(BALANCE)).to.deep.equal({
      source: '2500',
      destination: '79160000001',
      text: 'You have 350 points.',
      smsc: 'north',
      priority: 'reply',
    });
  });

  it('answers in the language of the subscriber, whatever the language of the words', async () => {
    const { receive, requests } = open(undefined, { ...ANNA, language: 'ru' });
    await receive(mo('balance'));
    expect(requests[0]!.reply(BALANCE).text).to.equal('У вас 350 баллов.');
  });

  it('explains what it does not understand, with an example and without a command', async () => {
    const { receive, requests } = open();
    await receive(mo('TRANSFER 79160000002 1,000'));
    await receive(mo('balanxe'));
    expect(requests.map(({ command }) => command)).to.deep.equal([undefined, undefined]);
    expect(requests[0]!.reply().text).to.contain('TRANSFER 79160000002 1000');
    expect(requests[1]!.reply().text).to.contain('Did you mean BALANCE?');
  });

  it('gives a sender nobody vouches for enquiries only', async () => {
    const { receive, requests } = open();
    for (const text of ['TRANSFER 79160000002 100', '4821', 'LANG RU', 'CANCEL', 'REDEEM 1']) {
      await receive(mo(text, { origin: 'untrusted' }));
    }
    await receive(mo('HISTORY', { origin: 'untrusted' }));
    expect(requests.map(({ command }) => command?.kind)).to.deep.equal([...Array<undefined>(5), 'history']);
    expect(requests[0]!.reply().text).to.contain('For your safety');
  });

  it('asks for the message again after a fault or an unknown outcome', async () => {
    const { receive } = open(() => Promise.reject(new Fault('no database')));
    expect(await receive(mo('balance'))).to.equal('retry');
    expect(await open(() => Promise.resolve({ kind: 'unknown' })).receive(mo('balance'))).to.equal('retry');
  });

  it('throttles when the intake is full', async () => {
    const { receive } = open(() => Promise.reject(new IntakeFull()));
    expect(await receive(mo('balance'))).to.equal('full');
  });

  it('counts a refusal as delivered', async () => {
    const refused: Outcome = { kind: 'refused', code: 'points_insufficient', detail: { available: 350n } };
    const { receive, requests } = open(() => Promise.resolve(refused));
    expect(await receive(mo('TRANSFER 79160000002 1000'))).to.equal('done');
    expect(requests[0]!.reply(refused).text).to.equal('Not enough points: you have 350.');
  });

  it('does not talk to names and short codes', async () => {
    const { receive, requests, strangers } = open();
    expect(await receive(mo('balance', { source: 'BANK' }))).to.equal('never');
    expect(await receive(mo('balance', { source: '900' }))).to.equal('never');
    expect([...requests, ...strangers]).to.deep.equal([]);
  });

  it('answers strangers politely, in the alphabet they wrote in', async () => {
    const { receive, requests, strangers } = open();
    expect(await receive(mo('balance', { source: '79169999999' }))).to.equal('done');
    expect(await receive(mo('баланс', { source: '79169999999' }))).to.equal('done');
    expect(requests).to.deep.equal([]);
    expect(strangers.map(({ text }) => text.slice(0, 11))).to.deep.equal(['This is the', 'Это бонусна']);
  });

  it('treats the former owner of a number as a stranger', async () => {
    const { receive, requests, strangers } = open(undefined, { ...ANNA, status: 'terminated' });
    await receive(mo('balance'));
    expect([requests.length, strangers.length]).to.deep.equal([0, 1]);
  });
});

describe('a stranger', () => {
  it('gets one answer a day, and none at all costs nothing', async () => {
    const clock = manualClock();
    const sent: OutboundSms[] = [];
    const reply = {
      source: '2500',
      destination: '79169999999',
      text: 'no',
      smsc: 'north',
      priority: 'reply',
    } as ReplySms;
    const notify = createNotifyStranger({
      clock,
      log,
      store: createInProcessStore(clock),
      send: (mt) => {
        sent.push(mt);
        return Promise.resolve({ kind: 'retry', reason: 'no bind' });
      },
    });
    for (let times = 0; times < 5; times++) await notify(mo('x'), reply);
    expect(sent.length).to.equal(1);
    clock.advance(DAY_MS);
    await notify(mo('x'), reply);
    expect(sent.length).to.equal(2);
  });

  it('is left alone when the store is down', async () => {
    const store = {
      ...createInProcessStore(manualClock()),
      increment: () => Promise.reject(new Fault('no redis')),
    };
    const notify = createNotifyStranger({
      clock: manualClock(),
      log,
      store,
      send: () => Promise.reject(new Error('must not be called')),
    });
    await notify(mo('x'), {
      source: '2500',
      destination: '79169999999',
      text: 'no',
      smsc: 'n',
      priority: 'reply',
    } as ReplySms);
  });
});
