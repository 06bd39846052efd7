import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import type { SimulatedCall } from '../../../simulators/freeswitch/call.ts';
import { Fault, IntakeFull } from '../../../src/errors.ts';
import type { Language } from '../../../src/values/language.ts';
import { FakeCore, openLine, type Line } from './line.ts';

const CALLER = { from: '79160000001', to: '0611', name: 'Alice' };

/** What a caller does after each question; `quiet` presses nothing. */
const STORY = [
  '1',
  '2',
  '3',
  '9',
  '1',
  '99#',
  '4321#',
  '1',
  '4',
  '89160000002#',
  '100#',
  '9',
  '1',
  '4',
  '89160000002#',
  '5#',
  '*',
  '6',
  '5',
  '*',
  '8',
  'quiet',
  '0',
];

/** Keys for a transfer from the main menu, up to its confirmation. */
const TRANSFER = ['4', '4321#', '89160000002#', '100#', '1'];

describe('a call, from the switch to the conversation and back,', () => {
  let line: Line;
  let core: FakeCore;

  async function dial(
    language: Language | 'unknown' = 'en',
    options: Parameters<typeof openLine>[1] = {},
  ): Promise<SimulatedCall> {
    core = new FakeCore(language);
    line = await openLine(core, options);
    return line.freeswitch.call(CALLER);
  }

  async function play(call: SimulatedCall, keys: readonly string[]): Promise<string> {
    let heard = await call.heard();
    for (const key of keys) {
      if (key === 'quiet') call.stayQuiet();
      else call.press(key);
      heard = await call.heard();
    }
    return heard;
  }

  /** Resolves when the daemon knows that the call is over. */
  async function over(): Promise<void> {
    while (line.esl.calls() > 0) await new Promise(setImmediate);
  }

  afterEach(() => line.close());

  for (const language of ['en', 'ru'] as const) {
    it(`sounds as written down in transcripts/${language}.txt`, async () => {
      const call = await dial(language);
      core.voucher = 'AB12';
      const told = [await call.heard()];
      for (const key of STORY) {
        if (key === 'quiet') call.stayQuiet();
        else call.press(key);
        told.push(`\n> ${key}\n`, await call.heard());
      }
      expect(await call.ended).to.deep.equal({ by: 'transfer', cause: 'TRANSFERRED', extension: 'operator' });
      const transcript = `${told.join('\n')}\n`;
      const file = `test/channels/ivr/transcripts/${language}.txt`;
      if (process.env['UPDATE_TRANSCRIPTS'] !== undefined) writeFileSync(file, transcript);
      expect(transcript).to.equal(readFileSync(file, 'utf8'));
      expect(transcript).not.to.match(/\[|undefined|NaN/);
    });
  }

  it('moves points once, and reports the result as heard only when it was', async () => {
    const call = await dial();
    const heard = await play(call, TRANSFER);
    expect(heard).to.match(
      /^Done\. You gave one hundred points to the number seven, .* You have one thousand nineteen points left\./,
    );
    expect(core.heard).to.deep.equal([{ pendingId: 'pending-1', heard: true }]);
    call.hangUp();
    await over();
    expect(core.kinds()).to.deep.equal(['prepare', 'confirm']);
    expect(core.ended).to.deep.equal(['NORMAL_CLEARING']);
    expect(core.heard).to.have.length(1);
  });

  it('sends a voucher by SMS although the rest was heard', async () => {
    const call = await dial();
    core.voucher = 'AB-12';
    expect(await play(call, ['3', '2', '4321#', '1'])).to.match(
      /Your gift is a cinema ticket\..*The code of your gift will come by SMS\./,
    );
    expect(core.heard).to.deep.equal([{ pendingId: 'pending-1', heard: false }]);
  });

  it('ends exactly once, and confirms at most once, wherever the caller hangs up', async () => {
    const keys = ['1', '2', '3', '1', '4321#', '1', '4', '89160000002#', '100#', '1', '6', 'quiet'];
    for (let step = 0; step <= keys.length; step++) {
      for (const when of ['asked', 'pressed'] as const) {
        const call = await dial();
        await play(call, keys.slice(0, step));
        const next = keys[step];
        if (when === 'pressed' && next !== undefined && next !== 'quiet') call.press(next);
        call.hangUp();
        await over();
        const where = `${when} at step ${step}`;
        expect(core.ended, where).to.deep.equal(['NORMAL_CLEARING']);
        const confirmed = core.executed.filter(({ command }) => command.kind === 'confirm');
        expect(confirmed.length, where).to.equal(
          new Set(confirmed.map(({ command }) => JSON.stringify(command))).size,
        );
        expect(new Set(core.executed.map(({ stepId }) => stepId)).size, where).to.equal(core.executed.length);
        expect(core.heard.length, where).to.be.at.most(confirmed.length);
        await line.close();
      }
    }
  });

  it('sends the result by SMS when the caller hangs up while it is told', async () => {
    const call = await dial();
    await play(call, TRANSFER.slice(0, -1));
    call.press('1');
    await once(call, 'prompt');
    expect(call.prompts.at(-1)!.kind).to.equal('play');
    call.hangUp();
    await over();
    expect(core.heard).to.deep.equal([{ pendingId: 'pending-1', heard: false }]);
    expect(core.ended).to.deep.equal(['NORMAL_CLEARING']);
  });

  it('sends the result by SMS when the caller hangs up before it is known', async () => {
    const call = await dial();
    await play(call, TRANSFER.slice(0, -1));
    let answer: () => void = () => undefined;
    core.gate = new Promise((resolve) => (answer = resolve));
    call.press('1');
    while (!core.kinds().includes('confirm')) await new Promise(setImmediate);
    call.hangUp();
    await over();
    expect(core.heard).to.deep.equal([]);
    answer();
    while (core.heard.length === 0) await new Promise(setImmediate);
    expect(core.heard).to.deep.equal([{ pendingId: 'pending-1', heard: false }]);
    expect(core.kinds().filter((kind) => kind === 'confirm')).to.have.length(1);
  });

  it('changes the language for good and goes on in it', async () => {
    const call = await dial();
    expect(await play(call, ['5', '2'])).to.match(
      /^Будем говорить по-русски\. Чтобы узнать баланс, нажмите один\./,
    );
    expect(core.executed.at(-1)!.command).to.deep.equal({ kind: 'language', language: 'ru' });
  });

  it('says goodbye to a number it does not know, without asking anything', async () => {
    const call = await dial('unknown');
    expect(await call.heard()).to.match(
      /^This phone number does not take part.*Goodbye\. Этот номер телефона не участвует/,
    );
    expect(await call.ended).to.deep.equal({ by: 'daemon', cause: 'NORMAL_CLEARING' });
    expect(core.executed).to.deep.equal([]);
  });

  it('apologises and hangs up when the core is down, and says so when it is full', async () => {
    let call = await dial();
    core.answers.push(new Fault('database is down'), new Fault('database is down'));
    expect(await play(call, ['1'])).to.equal(
      'Sorry, the service is not available right now. Please call again later. Goodbye.',
    );
    await call.ended;
    expect(core.executed.map(({ stepId }) => stepId)).to.deep.equal(['1-balance', '1-balance']);
    await line.close();
    call = await dial();
    core.answers.push(new IntakeFull());
    expect(await play(call, ['1'])).to.match(/^We are very busy right now\./);
    await line.close();
    call = await dial();
    core.answers.push({ kind: 'unknown' });
    expect(await play(call, ['1'])).to.match(/^You have one thousand/);
  });

  it('does not lose a confirmed transfer whose answer was lost: the same step is asked again', async () => {
    const call = await dial();
    await play(call, TRANSFER.slice(0, -1));
    core.answers.push({ kind: 'unknown' }, { kind: 'unknown' });
    call.press('1');
    expect(await call.heard()).to.match(
      /^Sorry, this could not be completed in time\. Please check your balance/,
    );
    await call.ended;
    const confirms = core.executed.filter(({ command }) => command.kind === 'confirm');
    expect(confirms.map(({ stepId }) => stepId)).to.deep.equal(['2-confirm', '2-confirm']);
    expect(core.heard).to.deep.equal([]);
  });

  it('keeps PIN, numbers and amounts out of the log and out of the channel', async () => {
    const call = await dial();
    await play(call, TRANSFER);
    call.hangUp();
    await over();
    const log = line.logged.join('');
    for (const secret of ['4321', '89160000002', '79160000002', CALLER.from])
      expect(log, secret).not.to.include(secret);
    expect(log).to.include('call record').and.to.include('menu main: 4').and.to.include('pin: ok');
    expect([...call.variables.keys()].filter((name) => name.startsWith('bg_input'))).to.deep.equal([]);
    expect(call.executed.join('\n')).not.to.match(/[$"'\\{}]|Alice/);
  });

  it('sees only its own events, however many calls there are', async () => {
    const first = await dial();
    const others = Array.from({ length: 20 }, () => line.freeswitch.call(CALLER));
    const calls = [first, ...others];
    await Promise.all(calls.map((call) => play(call, ['1', '6'])));
    for (const call of calls) call.hangUp();
    await over();
    expect(core.ended).to.have.length(21);
    expect(core.kinds().filter((kind) => kind === 'balance')).to.have.length(21);
    for (const call of calls) expect(call.socket.eventsWritten).to.be.below(25);
  });

  it('goes on in the dialplan when it is not taken, or nobody listens', async () => {
    let call = await dial('en', { refuse: true });
    expect(await call.ended).to.include({ by: 'dialplan' });
    expect(call.prompts).to.deep.equal([]);
    await line.esl.close();
    call = line.freeswitch.call(CALLER);
    expect(await call.ended).to.deep.equal({ by: 'dialplan', cause: 'ECONNREFUSED' });
  });

  it('is refused above the number of calls that are allowed, and taken again when one ended', async () => {
    const first = await dial('en', { config: { callsMax: 1 } });
    await first.heard();
    const second = line.freeswitch.call(CALLER);
    expect(await second.ended).to.include({ by: 'dialplan' });
    first.hangUp();
    await over();
    expect(await play(line.freeswitch.call(CALLER), [])).to.match(/^Welcome/);
  });

  describe('with a switch or network that misbehaves,', () => {
    it('a Latin-1 display name and single octets change nothing', async () => {
      const first = await dial();
      await first.heard();
      first.hangUp();
      const call = line.freeswitch.call({ ...CALLER, faults: { latin1Name: true, splitEveryByte: true } });
      expect(await play(call, ['1'])).to.match(/^You have one thousand/);
      call.hangUp();
      await over();
      expect(core.ended).to.have.length(2);
    });

    it('a reset in the middle of a prompt ends the call, once', async () => {
      (await dial()).hangUp();
      const call = line.freeswitch.call({ ...CALLER, faults: { resetMidCall: 2 } });
      await play(call, ['1']);
      expect(await call.ended).to.deep.equal({ by: 'dialplan', cause: 'ECONNRESET' });
      await over();
      expect(core.ended.filter((cause) => cause === 'SOCKET_CLOSED')).to.have.length(1);
    });

    it('an endless header is cut off and everybody else is served', async () => {
      await dial();
      const bad = line.freeswitch.call({ ...CALLER, faults: { endlessHeader: true } });
      const good = line.freeswitch.call(CALLER);
      expect(await play(good, ['1'])).to.match(/^You have/);
      expect(await bad.ended).to.include({ by: 'dialplan' });
      expect(line.arrivals).to.have.length(2);
    });

    it('an unknown application ends the call as the switch does', async () => {
      const call = await dial();
      await call.heard();
      call.execute(new Map([['execute-app-name', 'no_such_application']]));
      expect(await call.ended).to.include({ cause: 'DESTINATION_OUT_OF_ORDER' });
      await over();
      expect(core.ended).to.deep.equal(['DESTINATION_OUT_OF_ORDER']);
    });
  });
});
