import { expect } from 'chai';
import { startEsl, type EslListener } from '../../../protocols/esl/listener.ts';
import type { CallAction, CallArrival, CallConversation, CallInput } from '../../../src/channels/ivr/step.ts';
import { manualClock, type ManualClock } from '../../../src/runtime/clock.ts';
import { ivrConfig } from '../../../src/runtime/config/ivr.ts';
import { createLogger } from '../../../src/runtime/log.ts';
import { channelData, RawPeer } from './peer.ts';
import { Scripted } from './scripted.ts';

const UUID = '3c3473ba-efd1-47ea-8707-f4bd3aee6a08';
const HANGUP = { 'Event-Name': 'CHANNEL_HANGUP', 'Unique-ID': UUID, 'Hangup-Cause': 'NORMAL_CLEARING' };

const PLAY: CallAction = { kind: 'play', prompt: ['/s/a.wav', '/s/b.wav'] };
const ASK: Extract<CallAction, { kind: 'ask' }> = {
  kind: 'ask',
  prompt: ['/s/menu.wav'],
  minDigits: 1,
  maxDigits: 4,
  firstDigitMs: 5_000,
  interDigitMs: 3_000,
  pattern: /^[1-4]+$/,
  bargeIn: true,
  secret: false,
};

describe('a call on the event socket', () => {
  const open: EslListener[] = [];
  const peers: RawPeer[] = [];
  const logged: string[] = [];
  const log = createLogger({ level: 'debug', destination: { write: (line) => void logged.push(line) } });
  let clock: ManualClock;

  beforeEach(() => {
    clock = manualClock();
  });

  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.socket.destroy();
    await Promise.all(open.splice(0).map((esl) => esl.close()));
  });

  async function listen(
    take: (arrival: CallArrival) => CallConversation | undefined,
    config = {},
  ): Promise<EslListener> {
    const esl = await startEsl(ivrConfig.parse({ port: 0, ...config }), { takeCall: take, clock, log });
    open.push(esl);
    return esl;
  }

  async function dial(esl: EslListener): Promise<RawPeer> {
    const peer = await RawPeer.connect(esl.address);
    peers.push(peer);
    return peer;
  }

  /** Plays the switch up to the first action of the conversation. */
  async function answered(
    conversation: CallConversation,
    config = {},
  ): Promise<{ peer: RawPeer; esl: EslListener }> {
    const esl = await listen(() => conversation, config);
    const peer = await dial(esl);
    await peer.command();
    peer.send(channelData(UUID));
    for (let command = 0; command < 3; command++) await peer.command();
    for (let command = 0; command < 3; command++) peer.reply();
    for (let application = 0; application < 2; application++) await complete(peer);
    return { peer, esl };
  }

  /** Takes the next application and completes it. */
  async function complete(peer: RawPeer, headers: Readonly<Record<string, string>> = {}): Promise<string[]> {
    const { command, uuid } = await execute(peer);
    peer.event({
      'Event-Name': 'CHANNEL_EXECUTE_COMPLETE',
      'Unique-ID': UUID,
      'Application-UUID': uuid,
      ...headers,
    });
    return command;
  }

  async function execute(peer: RawPeer): Promise<{ command: string[]; uuid: string }> {
    const command = await peer.command();
    peer.reply();
    return { command, uuid: field(command, 'Event-UUID') };
  }

  function field(command: readonly string[], name: string): string {
    return command.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
  }

  it('limits the events to its own channel before the first application', async () => {
    const esl = await listen(() => new Scripted(PLAY));
    const peer = await dial(esl);
    expect(await peer.command()).to.deep.equal(['connect']);
    peer.send(channelData(UUID));
    expect(await peer.command()).to.deep.equal([`filter Unique-ID ${UUID}`]);
    expect(await peer.command()).to.deep.equal(['linger 5']);
    expect((await peer.command())[0]).to.match(/^event json .*CHANNEL_EXECUTE_COMPLETE.*CHANNEL_HANGUP/);
    for (let command = 0; command < 3; command++) peer.reply();
    expect(field(await peer.command(), 'execute-app-name')).to.equal('answer');
  });

  it('arrives with its numbers, and with the trust that the dialplan lowers', async () => {
    const arrivals: CallArrival[] = [];
    const esl = await listen((arrival) => {
      arrivals.push(arrival);
      return undefined;
    });
    for (const variables of [
      {},
      { variable_bonusgate_origin: 'untrusted' },
      { variable_bonusgate_origin: 'network' },
    ]) {
      const peer = await dial(esl);
      await peer.command();
      peer.send(channelData(UUID, { 'Caller-Caller-ID-Name': 'Ren%E9', ...variables }));
      for (let command = 0; command < 3; command++) await peer.command();
      for (let command = 0; command < 3; command++) peer.reply();
      expect(await peer.command()).to.deep.equal(['exit']);
    }
    expect(arrivals.map(({ origin }) => origin)).to.deep.equal(['network', 'untrusted', 'network']);
    expect(arrivals[0]).to.include({ uuid: UUID, caller: '79160000001', called: '0611' });
  });

  it('goes back to the dialplan when it cannot be taken, without being answered', async () => {
    const esl = await listen(() => undefined);
    const peer = await dial(esl);
    await peer.command();
    peer.send(channelData(UUID));
    for (let command = 0; command < 3; command++) await peer.command();
    for (let command = 0; command < 3; command++) peer.reply();
    expect(await peer.command()).to.deep.equal(['exit']);
    peer.reply('+OK bye');
    await peer.closed();
    expect(esl.calls()).to.equal(0);
  });

  it('is let go when the dialplan forgot "full", or the peer is something else', async () => {
    let taken = 0;
    const esl = await listen(() => (taken++, new Scripted()));
    const withoutFull = await dial(esl);
    await withoutFull.command();
    withoutFull.send(channelData(UUID));
    for (let command = 0; command < 3; command++) await withoutFull.command();
    withoutFull.reply();
    withoutFull.reply('-ERR command not found');
    withoutFull.reply('-ERR command not found');
    await withoutFull.closed();
    const injecting = await dial(esl);
    await injecting.command();
    injecting.send(channelData('a%0Aexit'));
    await injecting.closed();
    const silent = await dial(esl);
    await silent.command();
    clock.advance(5_000);
    clock.advance(5_000);
    await silent.closed();
    expect(taken).to.equal(0);
  });

  it('plays prompts as one recording and tells when a file is missing', async () => {
    const conversation = new Scripted(PLAY, PLAY);
    const { peer } = await answered(conversation);
    const command = await complete(peer, { 'Application-Response': 'FILE PLAYED' });
    expect(field(command, 'execute-app-arg')).to.equal('file_string:///s/a.wav!/s/b.wav');
    await complete(peer, { 'Application-Response': 'FILE NOT FOUND' });
    expect(await peer.command()).to.include.members([
      'call-command: hangup',
      'hangup-cause: NORMAL_CLEARING',
    ]);
    expect(conversation.inputs).to.deep.equal([{ kind: 'played' }, { kind: 'played', failed: true }]);
  });

  const variable = 'variable_bg_input_1';
  const cases: [string, Record<string, string>, CallInput][] = [
    ['valid digits', { [variable]: '12', variable_read_result: 'success' }, { kind: 'digits', digits: '12' }],
    [
      'digits that the pattern refuses',
      { [variable]: '9', variable_read_result: 'success' },
      { kind: 'noMatch' },
    ],
    [
      'digits that the switch refused, though it says success',
      { [`${variable}_invalid`]: '9', variable_read_result: 'success' },
      { kind: 'noMatch' },
    ],
    ['silence', { variable_read_result: 'failure' }, { kind: 'noInput' }],
    [
      'too few digits, stored all the same',
      { [variable]: '12', variable_read_result: 'failure' },
      { kind: 'noInput' },
    ],
    ['nothing at all: the prompt was missing', {}, { kind: 'noInput' }],
    [
      'a value that no telephone can send',
      { [variable]: '1${x}', variable_read_result: 'success' },
      { kind: 'noMatch' },
    ],
  ];
  for (const [what, headers, input] of cases) {
    it(`hears ${what} as ${input.kind}`, async () => {
      const conversation = new Scripted(ASK);
      const { peer } = await answered(conversation);
      const command = await complete(peer, headers);
      expect(field(command, 'execute-app-arg')).to.equal(
        '1 4 1 5000 # /s/menu.wav silence_stream://20 bg_input_1 .+ 3000',
      );
      for (const name of Object.keys(headers).filter((header) => header.startsWith(variable))) {
        const unset = await complete(peer);
        expect([field(unset, 'execute-app-name'), field(unset, 'execute-app-arg')]).to.deep.equal([
          'unset',
          name.slice(9),
        ]);
      }
      expect(await peer.command()).to.include('call-command: hangup');
      expect(conversation.inputs).to.deep.equal([input]);
    });
  }

  it('never logs what was keyed, and uses a new variable for every input', async () => {
    const conversation = new Scripted({ ...ASK, secret: true, pattern: /./ }, ASK);
    const { peer } = await answered(conversation);
    await complete(peer, { [variable]: '4711081542', variable_read_result: 'success' });
    await complete(peer);
    expect(field((await execute(peer)).command, 'execute-app-arg')).to.include(' bg_input_2 ');
    expect(logged.join('')).not.to.include('4711081542');
    expect(logged.join('')).not.to.include('79160000001');
  });

  it('plays a prompt that keys must not cut before it listens', async () => {
    const conversation = new Scripted({ ...ASK, bargeIn: false });
    const { peer } = await answered(conversation);
    expect(
      field(await complete(peer, { 'Application-Response': 'FILE PLAYED' }), 'execute-app-name'),
    ).to.equal('playback');
    const asked = await execute(peer);
    expect(field(asked.command, 'execute-app-arg')).to.match(/^1 4 1 5000 # silence_stream:\/\/20 /);
  });

  it('refuses prompts and extensions that could break out of their argument', async () => {
    for (const action of [
      { kind: 'play', prompt: ['a b'] },
      { kind: 'transfer', extension: '1 ${x}' },
    ] as const) {
      const conversation = new Scripted(action);
      const { peer } = await answered(conversation);
      expect(await peer.command()).to.include.members([
        'call-command: hangup',
        'hangup-cause: NORMAL_TEMPORARY_FAILURE',
      ]);
    }
  });

  it('transfers to the operator and lets the channel go', async () => {
    const conversation = new Scripted({ kind: 'transfer', extension: 'operator' });
    const { peer } = await answered(conversation);
    expect(await complete(peer)).to.include.members([
      'execute-app-name: transfer',
      'execute-app-arg: operator',
    ]);
    await peer.closed();
    expect(conversation.ends).to.deep.equal([{ cause: 'TRANSFERRED', heard: true }]);
  });

  it('knows whether a prompt was heard to its end when the caller hangs up', async () => {
    const stopped = { 'Event-Name': 'PLAYBACK_STOP', 'Unique-ID': UUID };
    const done = { ...stopped, 'Playback-Status': 'done' };
    const other = { ...done, 'Unique-ID': 'of-another-call' };
    for (const [action, events, heard] of [
      [PLAY, [], false],
      [PLAY, [{ ...stopped, 'Playback-Status': 'break' }, other], false],
      [PLAY, [done], true],
      [ASK, [], false],
      [ASK, [done], true],
    ] as const) {
      const conversation = new Scripted(action);
      const { peer } = await answered(conversation);
      const { uuid } = await execute(peer);
      for (const event of events) peer.event(event);
      peer.event(HANGUP);
      peer.event({
        'Event-Name': 'CHANNEL_EXECUTE_COMPLETE',
        'Unique-ID': UUID,
        'Application-UUID': uuid,
        'Application-Response': 'PLAYBACK ERROR',
      });
      peer.event(done);
      peer.event({ ...HANGUP, 'Event-Name': 'CHANNEL_HANGUP_COMPLETE', variable_billsec: '7' });
      await peer.closed();
      expect(conversation.ends).to.deep.equal([{ cause: 'NORMAL_CLEARING', heard }]);
      expect(conversation.inputs).to.deep.equal([]);
    }
  });

  it('ends once when the caller hangs up while the conversation thinks', async () => {
    const conversation = new Scripted(PLAY, PLAY);
    let think: () => void = () => undefined;
    conversation.gate = new Promise((resolve) => (think = resolve));
    const { peer, esl } = await answered(conversation);
    await complete(peer, { 'Application-Response': 'FILE PLAYED' });
    await conversation.thinking;
    peer.event(HANGUP);
    await conversation.over;
    expect(esl.calls()).to.equal(0);
    think();
    peer.send('Content-Type: text/disconnect-notice\nContent-Disposition: linger\nContent-Length: 0\n\n');
    peer.send(
      'Content-Type: text/disconnect-notice\nContent-Disposition: disconnect\nContent-Length: 3\n\nbye',
    );
    await peer.closed();
    expect(conversation.ends).to.deep.equal([{ cause: 'NORMAL_CLEARING', heard: false }]);
    expect(conversation.inputs).to.have.length(1);
  });

  it('was heard when it ended and the caller hung up in one breath', async () => {
    const conversation = new Scripted(PLAY);
    const { peer } = await answered(conversation);
    const { uuid } = await execute(peer);
    peer.socket.cork();
    peer.event({
      'Event-Name': 'CHANNEL_EXECUTE_COMPLETE',
      'Unique-ID': UUID,
      'Application-UUID': uuid,
      Application: 'playback',
      'Application-Response': 'FILE PLAYED',
    });
    peer.event(HANGUP);
    peer.socket.uncork();
    await conversation.over;
    expect(conversation.ends).to.deep.equal([{ cause: 'NORMAL_CLEARING', heard: true }]);
  });

  it('ends once when the socket is lost', async () => {
    const conversation = new Scripted(PLAY);
    const { peer } = await answered(conversation);
    await execute(peer);
    peer.socket.resetAndDestroy();
    await conversation.over;
    expect(conversation.ends).to.deep.equal([{ cause: 'SOCKET_CLOSED', heard: false }]);
  });

  it('ends once, and never starts, when the caller gave up before the answer', async () => {
    const conversation = new Scripted(PLAY);
    const esl = await listen(() => conversation);
    const peer = await dial(esl);
    await peer.command();
    peer.send(channelData(UUID));
    for (let command = 0; command < 3; command++) await peer.command();
    peer.socket.cork(); // the replies and the hang-up arrive as one piece
    for (let command = 0; command < 3; command++) peer.reply();
    peer.event({ ...HANGUP, 'Hangup-Cause': 'ORIGINATOR_CANCEL' });
    peer.socket.uncork();
    await conversation.over;
    expect(conversation.ends).to.deep.equal([{ cause: 'ORIGINATOR_CANCEL', heard: false }]);
  });

  it('is hung up at its time limit, and closed even if the switch does not answer', async () => {
    const conversation = new Scripted(PLAY);
    const { peer } = await answered(conversation, { callMaxMs: 60_000 });
    await execute(peer);
    clock.advance(60_000);
    expect(await peer.command()).to.include.members([
      'call-command: hangup',
      'hangup-cause: ALLOTTED_TIMEOUT',
    ]);
    clock.advance(5_000);
    await conversation.over;
    expect(conversation.ends).to.deep.equal([{ cause: 'ALLOTTED_TIMEOUT', heard: false }]);
    await new Promise(setImmediate);
    clock.advance(10_000);
    await peer.closed();
  });

  it('is hung up when the switch swallows an application', async () => {
    const conversation = new Scripted(ASK);
    const { peer } = await answered(conversation);
    await execute(peer);
    peer.event({ 'Event-Name': 'HEARTBEAT' });
    clock.advance(5_000);
    clock.advance(200_000 + 5_000);
    expect(await peer.command()).to.include.members(['hangup-cause: NORMAL_TEMPORARY_FAILURE']);
  });

  it('may finish when the daemon stops, for as long as the drain lasts', async () => {
    const conversation = new Scripted(PLAY);
    const { peer, esl } = await answered(conversation);
    const { uuid } = await execute(peer);
    expect(esl.calls()).to.equal(1);
    const closed = esl.close();
    peer.event({
      'Event-Name': 'CHANNEL_EXECUTE_COMPLETE',
      'Unique-ID': UUID,
      'Application-UUID': uuid,
      'Application-Response': 'FILE PLAYED',
    });
    expect(await peer.command()).to.include('hangup-cause: NORMAL_CLEARING');
    peer.reply();
    peer.event(HANGUP);
    peer.event({ ...HANGUP, 'Event-Name': 'CHANNEL_HANGUP_COMPLETE' });
    await closed;
    expect(conversation.inputs).to.deep.equal([{ kind: 'played' }]);
  });

  it('is hung up at the end of the drain, and nobody new is taken meanwhile', async () => {
    const conversation = new Scripted(PLAY);
    const { peer, esl } = await answered(conversation);
    await execute(peer);
    const closed = esl.close();
    let refused = '';
    const late = await RawPeer.connect(esl.address).catch(
      (error: unknown) => ((refused = (error as NodeJS.ErrnoException).code ?? ''), undefined),
    );
    expect(late === undefined ? refused : 'connected').to.equal('ECONNREFUSED');
    clock.advance(30_000);
    expect(await peer.command()).to.include('hangup-cause: NORMAL_TEMPORARY_FAILURE');
    clock.advance(5_000);
    await closed;
    expect(conversation.ends).to.deep.equal([{ cause: 'NORMAL_TEMPORARY_FAILURE', heard: false }]);
  });
});
