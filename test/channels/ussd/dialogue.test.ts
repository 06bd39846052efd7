import { expect } from 'chai';
import type { KnownSubscriber } from '../../../src/channels/caller.ts';
import { sizeOf } from '../../../src/channels/texts/alphabet.ts';
import { loadTexts } from '../../../src/channels/texts/texts.ts';
import {
  closeDialogue,
  createTakeUssdTurn,
  type UssdDeps,
  type UssdRequest,
} from '../../../src/channels/ussd/dialogue.ts';
import { loadMenu } from '../../../src/channels/ussd/menu-file.ts';
import type { TakeUssdTurn, UssdIndication } from '../../../src/channels/ussd/turn.ts';
import { Fault, IntakeFull } from '../../../src/errors.ts';
import { manualClock, type ManualClock } from '../../../src/runtime/clock.ts';
import { newTraceId } from '../../../src/runtime/ids.ts';
import { createLogger } from '../../../src/runtime/log.ts';
import { createInProcessStore } from '../../../src/storage/in-process-store.ts';
import type { EphemeralStore } from '../../../src/storage/ephemeral.ts';
import { later } from '../../../src/values/instant.ts';
import { WalletDouble } from './wallet.ts';

const ANNA: KnownSubscriber = { subscriberId: 16n, language: 'en', zone: 'Europe/Moscow', status: 'active' };
const NUMBER = '79160000001';
const log = createLogger({ level: 'silent' });
const HOME = 'Bonus points\n1 Balance\n2 Catalogue\n3 Send points\n4 History\n5 Language (Yazyk)\n6 More';

describe('the USSD dialogue', () => {
  const menu = loadMenu('conf/menus/main.yaml');
  const texts = loadTexts('conf/texts');
  let clock: ManualClock;
  let store: EphemeralStore;
  let wallet: WalletDouble;
  let requests: UssdRequest[];
  let shown: string[];
  let take: TakeUssdTurn;

  const open = (overrides: Partial<UssdDeps> = {}): TakeUssdTurn =>
    createTakeUssdTurn({
      menu,
      texts,
      store,
      clock,
      log,
      numberPlan: { countryCode: '7', trunkPrefix: '8', nationalLength: 10 },
      triesMax: 3,
      dialogueMs: 180_000,
      answerMs: 60_000,
      smsSource: '2500',
      resolve: (msisdn) => Promise.resolve(msisdn === NUMBER ? ANNA : undefined),
      perform: (request) => {
        requests.push(request);
        return Promise.resolve(wallet.answer(request.command));
      },
      resultShown: (pendingId, taken) => shown.push(`${pendingId} ${String(taken)}`),
      ...overrides,
    });

  beforeEach(() => {
    clock = manualClock();
    store = createInProcessStore(clock);
    wallet = new WalletDouble();
    requests = [];
    shown = [];
    take = open();
  });
  afterEach(() => store.close());

  const turn = (
    kind: UssdIndication['kind'],
    text: string,
    more: Partial<UssdIndication> = {},
  ): UssdIndication => ({
    trace: newTraceId(),
    centre: 'centre',
    origin: 'network',
    msisdn: NUMBER,
    sessionKey: '42',
    kind,
    text,
    receivedAt: clock.now(),
    limit: { gsm: 182, ucs2: 80 },
    answerBy: later(clock.now(), 10_000),
    ...more,
  });
  const dial = (text = '*100#', more: Partial<UssdIndication> = {}) => take(turn('begin', text, more));
  const answer = (text: string, more: Partial<UssdIndication> = {}) => take(turn('continue', text, more));
  const isExpired = async (screen: ReturnType<TakeUssdTurn>) => {
    const got = await screen;
    expect(got?.end).to.equal(true);
    expect(got?.text).to.contain('Time is up');
  };

  it('walks from the code to a transfer, which is told as shown when the centre took the screen', async () => {
    expect(await dial()).to.deep.equal({ text: HOME, end: false });
    expect((await answer('3'))!.text).to.contain('To which number?');
    expect((await answer('79160000002'))!.text).to.contain('How many points?');
    expect((await answer('50'))!.text).to.contain('Send 50 points to +79160000002?');
    const last = await answer('1');
    expect(last).to.deep.include({
      text: 'Done. 50 points sent to +79160000002. You have 300 left.',
      end: true,
    });
    expect(shown).to.deep.equal([]);
    last!.shown!(true);
    expect(shown).to.deep.equal(['pending-1 true']);
    await isExpired(answer('1'));
  });

  it('gives the core the words of a money result, for a short message instead of the screen', async () => {
    await dial('*100*3*79160000002*50#');
    await answer('1');
    const { reply } = requests.at(-1)!;
    expect(reply!({ kind: 'refused', code: 'points_insufficient', detail: { available: 3n } })).to.deep.equal(
      {
        source: '2500',
        destination: NUMBER,
        text: 'Not enough points: you have 3.',
        priority: 'reply',
      },
    );
    expect(requests.slice(0, -1).every((request) => request.reply === undefined)).to.equal(true);
  });

  it('jumps with a long code, and never confirms by it', async () => {
    const screen = await dial('*100*3*79160000002*50*1*1#');
    expect(screen).to.deep.equal({ text: 'Send 50 points to +79160000002?\n1 Yes\n0 No', end: false });
    expect(wallet.commands.map(({ kind }) => kind)).to.deep.equal(['prepare']);
    expect(wallet.available).to.equal(350n);
  });

  it('stops at the first answer of a long code that makes no sense', async () => {
    const screen = await dial('*100*3*123*50#');
    expect(screen!.text).to.equal(
      'This is not a phone number. Example: 79160000002\nTo which number?\n0 Back',
    );
  });

  it('goes on through lists that are looked up', async () => {
    expect((await dial('*100*2*1#'))!.text).to.contain('Cup of coffee for 150 points?');
  });

  it('is replaced by a new one, also at another centre', async () => {
    await dial();
    await dial('*100*3#', { sessionKey: '43', centre: 'other' });
    await isExpired(answer('1'));
    expect((await answer('79160000002', { sessionKey: '43', centre: 'other' }))!.text).to.contain(
      'How many points?',
    );
  });

  it('ends with an abort, which does not touch the one that came after', async () => {
    await dial();
    expect(await take(turn('abort', ''))).to.equal(undefined);
    await isExpired(answer('1'));
    await dial('*100#', { sessionKey: '43' });
    expect(await take(turn('abort', '', { sessionKey: '42' }))).to.equal(undefined);
    expect((await answer('1', { sessionKey: '43' }))!.end).to.equal(false);
  });

  it('ends when an answer takes too long, and after three minutes in any case', async () => {
    await dial();
    clock.advance(60_000);
    await isExpired(answer('1'));
    await dial();
    for (const key of ['1', '0', '1', '0']) {
      expect((await answer(key))!.end).to.equal(false);
      clock.advance(45_000);
    }
    await isExpired(answer('1'));
  });

  it('ends when it is closed from outside', async () => {
    await dial();
    await closeDialogue(store, NUMBER);
    await isExpired(answer('1'));
  });

  it('carries a repeated answer out once', async () => {
    await dial('*100*3*79160000002*50#');
    const screens = await Promise.all([answer('1'), answer('1'), answer('1')]);
    expect(
      screens.filter((screen) => screen !== undefined && screen.text.startsWith('Done.')).length,
    ).to.equal(1);
    expect(wallet.commands.filter(({ kind }) => kind === 'confirm').length).to.equal(1);
    expect(wallet.available).to.equal(300n);
  });

  it('ignores an answer while the one before is still carried out', async () => {
    await dial('*100*3*79160000002*50#');
    let finish = (): void => undefined;
    let begun = (): void => undefined;
    const started = new Promise<void>((resolve) => (begun = resolve));
    const slow = open({
      perform: async (request) => {
        begun();
        await new Promise<void>((resolve) => (finish = resolve));
        return wallet.answer(request.command);
      },
    });
    const confirmed = slow(turn('continue', '1'));
    await started;
    expect(await slow(turn('continue', '1'))).to.equal(undefined);
    finish();
    expect((await confirmed)!.text).to.contain('Done.');
  });

  it('lets only one of two dialogues begun together go on', async () => {
    const screens = await Promise.all([
      dial('*100#', { sessionKey: '1' }),
      dial('*100#', { sessionKey: '2' }),
    ]);
    expect(screens.map((screen) => screen?.text)).to.deep.equal([undefined, HOME]);
  });

  it('does not show a result in a dialogue that was replaced meanwhile: it goes by SMS', async () => {
    let finish = (): void => undefined;
    let begun = (): void => undefined;
    const started = new Promise<void>((resolve) => (begun = resolve));
    const slow = open({
      perform: async (request) => {
        if (request.command.kind === 'confirm') {
          begun();
          await new Promise<void>((resolve) => (finish = resolve));
        }
        return wallet.answer(request.command);
      },
    });
    await slow(turn('begin', '*100*3*79160000002*50#'));
    const confirmed = slow(turn('continue', '1'));
    await started;
    await slow(turn('begin', '*100#', { sessionKey: '43' }));
    finish();
    expect(await confirmed).to.equal(undefined);
    expect(shown).to.deep.equal(['pending-1 false']);
    expect((await slow(turn('continue', '1', { sessionKey: '43' })))!.text).to.contain('You have 300 points');
  });

  it('does not show what comes too late: a money result goes by SMS', async () => {
    await dial('*100*3*79160000002*50#');
    const slow = open({
      perform: (request) => {
        clock.advance(10_001);
        return Promise.resolve(wallet.answer(request.command));
      },
    });
    expect(await slow(turn('continue', '1'))).to.equal(undefined);
    expect(shown).to.deep.equal(['pending-1 false']);
  });

  it('says sorry and ends when the core fails, and says busy when it is full', async () => {
    await dial();
    const failing = open({ perform: () => Promise.reject(new Fault('no database')) });
    expect(await failing(turn('continue', '1'))).to.deep.include({ end: true });
    await isExpired(answer('1'));
    const full = open({ perform: () => Promise.reject(new IntakeFull()) });
    expect((await full(turn('begin', '*100*1#')))!.text).to.contain('Too many calls');
  });

  it('does not know how a confirmation ended when the core does not: no screen claims anything', async () => {
    await dial('*100*3*79160000002*50#');
    const unsure = open({ perform: () => Promise.resolve({ kind: 'unknown' }) });
    const screen = await unsure(turn('continue', '1'));
    expect(screen!.end).to.equal(true);
    expect(screen!.text).to.contain('check your balance');
    expect(screen!.shown, 'the message of the outbox tells it').to.equal(undefined);
  });

  it('says sorry when the store is lost', async () => {
    const lost = open({ store: { ...store, find: () => Promise.reject(new Fault('no redis')) } });
    expect(await lost(turn('continue', '1'))).to.deep.include({ end: true });
  });

  it('gives an origin nobody vouches for enquiries only', async () => {
    expect((await dial('*100*1#', { origin: 'untrusted' }))!.text).to.contain('You have 350 points');
    const screen = await dial('*100*3*79160000002*50#', { origin: 'untrusted' });
    expect(screen!.text).to.contain('For your safety');
    expect(wallet.commands.map(({ kind }) => kind)).to.deep.equal(['balance']);
  });

  it('tells strangers and wrong codes so, in both languages where nobody is known', async () => {
    const stranger = await dial('*100#', { msisdn: '79169999999' });
    expect(stranger!.end).to.equal(true);
    expect(stranger!.text).to.match(/programme\.\nВаш номер/);
    expect((await dial('*200#'))!.text).to.equal(
      'There is no such service code. Please check it and dial again.',
    );
    expect((await dial('*100#', { msisdn: 'nobody' }))!.end).to.equal(true);
  });

  it('has last words that fit one screen in both languages together', () => {
    for (const key of ['ussd.sorry', 'ussd.busy', 'ussd.expired', 'ussd.stranger'] as const) {
      const both = `${texts.say(key, 'en')}\n${texts.say(key, 'ru')}`;
      expect(sizeOf(both).units, both).to.be.at.most(80);
    }
  });
});
