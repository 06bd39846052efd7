import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { expect } from 'chai';
import type { SimulatedCall } from '../../../simulators/freeswitch/call.ts';
import { startFreeswitch, type Freeswitch } from '../../../simulators/freeswitch/freeswitch.ts';
import { session, type Exchange } from '../../protocols/esl/recordings.ts';
import { RawPeer } from '../../protocols/esl/peer.ts';

/** Frames of a piece of recording or of what the simulator sent: type, first words of a reply, event and result. */
function outline(text: string): string[] {
  const found: string[] = [];
  for (const reply of text.matchAll(
    /Reply-Text: ([^\n]*)\n\n|"Event-Name":"(\w+)"[^]*?\}|Content-Disposition: (\w+)/g,
  )) {
    const [whole, replyText, event, disposition] = reply;
    if (replyText !== undefined) found.push(`reply ${replyText.replace(/[0-9a-f-]{36}/g, 'UUID')}`);
    else if (disposition !== undefined) found.push(`notice ${disposition}`);
    else {
      const field = (name: string): string => new RegExp(`"${name}":"([^"]*)"`).exec(whole)?.[1] ?? '';
      const parts = [
        event,
        field('Application'),
        field('Application-Response'),
        field('Playback-Status'),
        field('DTMF-Digit'),
      ];
      found.push(parts.filter(Boolean).join(' '));
    }
  }
  return found;
}

/** Events that the simulated switch does not have, or that carry nothing about a dialogue. */
const LEFT_OUT = /^(CHANNEL_UNPARK|CHANNEL_STATE|CHANNEL_CALLSTATE)/;

describe('the simulated FreeSWITCH', () => {
  let server: Server;
  let freeswitch: Freeswitch;

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    freeswitch = startFreeswitch({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  });
  afterEach(() => {
    freeswitch.close();
    server.close();
  });

  async function dial(
    options: object = {},
  ): Promise<{ call: SimulatedCall; peer: RawPeer; received: () => string }> {
    const connection = once(server, 'connection');
    const call = freeswitch.call({ from: '5550001', to: '1234', name: 'Alice', ...options });
    const [socket] = (await connection) as [ConstructorParameters<typeof RawPeer>[0]];
    const peer = new RawPeer(socket);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    return { call, peer, received: () => text };
  }

  async function until(received: () => string, mark: string | RegExp, times = 1): Promise<void> {
    while ((received().match(new RegExp(mark, 'g')) ?? []).length < times) await new Promise(setImmediate);
  }

  const command = (peer: RawPeer, text: string): void => peer.send(`${text}\n\n`);
  const execute = (peer: RawPeer, app: string, arg: string, uuid: string, lock = true): void =>
    command(
      peer,
      `sendmsg\ncall-command: execute\nexecute-app-name: ${app}\nexecute-app-arg: ${arg}\n${lock ? 'event-lock: true\n' : ''}Event-UUID: ${uuid}`,
    );

  it('says nothing before connect, then answers with one encoded header block of about a hundred headers', async () => {
    const { peer, received } = await dial({ name: '\u0410\u043b\u0438\u0441\u0430' });
    await new Promise(setImmediate);
    expect(received()).to.equal('');
    command(peer, 'connect');
    await until(received, 'Reply-Text');
    const real = session('outbound-async-full-happy')[1]!.octets.toString('latin1');
    const names = (block: string): string[] => block.split('\n').map((line) => line.split(':')[0]!);
    expect(received()).to.match(
      /\nContent-Type: command\/reply\nReply-Text: %2BOK%0A\nSocket-Mode: async\nControl: full\n\n$/,
    );
    expect(received()).to.include('Caller-Caller-ID-Name: %D0%90%D0%BB%D0%B8%D1%81%D0%B0\n');
    const unlike = names(received()).filter(
      (name) => !names(real).includes(name) && !name.startsWith('variable_'),
    );
    expect(unlike).to.deep.equal([]);
    expect(names(received()).length).to.be.greaterThan(70);
  });

  /** Sends the recorded commands, with what the caller did in between, and compares what came back. */
  async function replay(
    exchanges: readonly Exchange[],
    acts: Readonly<Record<string, (call: SimulatedCall) => void>>,
  ): Promise<[string[], string[]]> {
    const { call, peer, received } = await dial();
    call.on('prompt', (prompt) => acts[prompt.files.join('!')]?.(call));
    const real: string[] = [];
    for (const { from, octets } of exchanges) {
      const text = octets.toString('latin1');
      if (from === 'freeswitch') {
        const expected = outline(text).filter((line) => !LEFT_OUT.test(line));
        real.push(...expected);
        if (expected.length > 0) await arrived(received, real.length);
      } else {
        const uuid = /[0-9a-f]{8}-[0-9a-f-]{27}/g;
        peer.send(text.replace(uuid, call.uuid));
      }
    }
    const simulated = outline(received()).filter((line) => !LEFT_OUT.test(line));
    return [simulated, real];
  }

  async function arrived(received: () => string, count: number): Promise<void> {
    const started = performance.now();
    while (outline(received()).filter((line) => !LEFT_OUT.test(line)).length < count) {
      if (performance.now() - started > 4_000) return; // the comparison will say what is missing
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  it('gives the replies and events of the recording in which the caller hangs up, linger included', async () => {
    const recorded = session('outbound-caller-hangup-linger');
    const [simulated, real] = await replay(recorded, { 'ivr/long.wav': (call) => call.hangUp() });
    expect(simulated).to.deep.equal(real);
  });

  it('ends the socket at once without linger', async () => {
    const { call, peer, received } = await dial();
    command(peer, 'connect');
    command(peer, 'myevents json');
    execute(peer, 'answer', '', 'a1');
    await until(received, '"Application-UUID":"a1"', 2);
    call.hangUp();
    await peer.closed();
    expect(outline(received()).slice(-3)).to.deep.equal([
      'CHANNEL_HANGUP',
      'CHANNEL_EXECUTE_COMPLETE socket _none_',
      'notice disconnect',
    ]);
  });

  it('leaves the variables of play_and_get_digits as the recording has them', async () => {
    const { call, peer, received } = await dial();
    command(peer, 'connect');
    command(peer, 'event json CHANNEL_EXECUTE_COMPLETE');
    const ask = async (limits: string, id: string, act: () => void): Promise<Record<string, string>> => {
      const asked = once(call, 'prompt');
      execute(
        peer,
        'play_and_get_digits',
        `${limits} # ivr/pin.wav silence_stream://20 ${id} [1-4] 1000`,
        id,
      );
      await asked;
      act();
      await until(received, `"Application-UUID":"${id}"`);
      const line = received()
        .split('\n')
        .find((text) => text.includes(`"Application-UUID":"${id}"`))!;
      const event = JSON.parse(line.slice(0, line.lastIndexOf('}') + 1)) as Record<string, string>;
      return Object.fromEntries(
        Object.entries(event).filter(
          ([name]) => name.startsWith(`variable_${id}`) || name === 'variable_read_result',
        ),
      );
    };
    expect(await ask('1 1 1 5000', 'valid', () => call.press('3'))).to.deep.equal({
      variable_valid: '3',
      variable_read_result: 'success',
    });
    expect(await ask('1 1 1 5000', 'wrong', () => call.press('9'))).to.deep.equal({
      variable_wrong_invalid: '9',
      variable_read_result: 'success',
    });
    expect(await ask('1 1 1 5000', 'none', () => call.stayQuiet())).to.deep.equal({
      variable_read_result: 'failure',
    });
    expect(
      await ask('4 4 1 5000', 'few', () => {
        call.press('12');
        call.stayQuiet();
      }),
    ).to.deep.equal({ variable_few: '12', variable_read_result: 'failure' });
    expect(await ask('1 8 1 5000', 'hash', () => call.press('123#'))).to.deep.equal({
      variable_hash: '123',
      variable_read_result: 'success',
    });
  });

  it('runs a second application inside the first without the event lock, and after it with the lock', async () => {
    for (const [lock, order] of [
      [false, ['inner', 'outer']],
      [true, ['outer', 'inner']],
    ] as const) {
      const { call, peer, received } = await dial();
      command(peer, 'connect');
      command(peer, 'event json CHANNEL_EXECUTE_COMPLETE');
      const playing = once(call, 'prompt');
      execute(peer, 'playback', 'long.wav', 'outer', lock);
      execute(peer, 'set', 'a=1', 'inner', lock);
      await playing;
      await until(received, '"Application-UUID"', 2);
      expect([...received().matchAll(/"Application-UUID":"(\w+)"/g)].map((match) => match[1])).to.deep.equal(
        order,
      );
    }
  });

  it('swallows keys during a playback, and keeps those pressed in between for the next question', async () => {
    const { call, peer, received } = await dial();
    command(peer, 'connect');
    command(peer, 'event json CHANNEL_EXECUTE_COMPLETE');
    execute(peer, 'set', 'playback_terminators=none', 's1');
    call.once('prompt', () => call.press('1*'));
    execute(peer, 'playback', 'long.wav', 'p1');
    await until(received, '"Application-UUID":"p1"');
    call.press('4');
    execute(peer, 'play_and_get_digits', '1 1 1 5000 # a.wav silence_stream://20 choice .+ 1000', 'q1');
    await until(received, '"variable_choice":"4"');
  });

  it('answers as the real one to what it does not know', async () => {
    const { call, peer, received } = await dial();
    for (const text of [
      'connect',
      'bogus',
      'sendmsg nosuchuuid\ncall-command: execute',
      'filter',
      'event json NOSUCHEVENT',
      'getvar nosuch',
      'getvar uuid',
      'myevents json',
      'myevents json',
      'nixevent DTMF',
      'noevents',
      'api nosuchapi',
    ]) {
      command(peer, text);
    }
    await until(received, 'Command not found!');
    expect(outline(received())).to.deep.equal([
      'reply -ERR command not found',
      'reply -ERR invalid session id [nosuchuuid]',
      'reply -ERR command not found',
      'reply -ERR no keywords supplied',
      'reply -ERR command not found',
      'reply UUID',
      'reply +OK Events Enabled',
      'reply -ERR aready enabled.',
      'reply +OK events nixed',
      'reply +OK no longer listening for events',
    ]);
    command(peer, 'event json CHANNEL_EXECUTE_COMPLETE');
    execute(peer, 'playback', '/nonexistent.wav', 'p1');
    await until(received, 'FILE NOT FOUND');
    execute(peer, 'no_such_application', '', 'p2');
    expect(await call.ended).to.deep.equal({ by: 'daemon', cause: 'DESTINATION_OUT_OF_ORDER' });
    expect(received()).not.to.include('"Application-UUID":"p2"');
  });

  it('delivers the events of every call to a socket without filter', async () => {
    const first = await dial();
    command(first.peer, 'connect');
    command(first.peer, 'event json CHANNEL_EXECUTE_COMPLETE');
    await until(first.received, 'event listener enabled');
    const second = await dial();
    command(second.peer, 'connect');
    execute(second.peer, 'set', 'a=1', 'of-the-second');
    await until(first.received, 'of-the-second');
    command(first.peer, `filter Unique-ID ${first.call.uuid}`);
    await until(first.received, 'filter added');
    execute(second.peer, 'set', 'a=2', 'filtered-out');
    await until(second.received, 'Reply-Text: \\+OK', 2);
    execute(first.peer, 'set', 'a=3', 'of-the-first');
    await until(first.received, 'of-the-first');
    expect(first.received()).not.to.include('filtered-out');
  });
});
