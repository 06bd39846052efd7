import { once } from 'node:events';
import { expect } from 'chai';
import { EslConnection } from '../../../protocols/esl/connection.ts';
import type { EslEvent } from '../../../protocols/esl/event.ts';
import { manualClock } from '../../../src/runtime/clock.ts';
import { createLogger } from '../../../src/runtime/log.ts';
import { session } from './recordings.ts';
import { socketPair } from './peer.ts';

const quiet = createLogger({ level: 'silent' });

async function connected() {
  const { ours, peer } = await socketPair();
  const clock = manualClock();
  const events: EslEvent[] = [];
  const notices: string[] = [];
  let closes = 0;
  let signalClosed: () => void;
  const closed = new Promise<void>((resolve) => (signalClosed = resolve));
  const connection = new EslConnection(ours, {
    clock,
    log: quiet,
    commandMs: 5_000,
    onEvent: (event) => events.push(event),
    onNotice: (disposition) => notices.push(disposition),
    onClose: () => {
      closes++;
      signalClosed();
    },
  });
  return { connection, peer, clock, events, notices, closed, closes: () => closes };
}

function uuidOf(command: readonly string[]): string {
  return command.find((line) => line.startsWith('Event-UUID: '))!.slice('Event-UUID: '.length);
}

describe('an event socket', () => {
  it('gives each command its own reply, sendmsg included, while events come in between', async () => {
    const { connection, peer } = await connected();
    const first = connection.command('getvar a');
    const played = connection.execute('playback', 'a.wav', 1_000);
    const last = connection.command('getvar b');
    await peer.command();
    const uuid = uuidOf(await peer.command());
    await peer.command();
    peer.event({
      'Event-Name': 'CHANNEL_EXECUTE_COMPLETE',
      'Application-UUID': uuid,
      'Application-Response': 'FILE PLAYED',
    });
    peer.reply('value of a');
    peer.event({ 'Event-Name': 'DTMF' });
    peer.reply('+OK');
    peer.reply('value of b');
    const replies = await Promise.all([first, last]);
    expect(replies.map((reply) => reply.kind === 'done' && reply.value.get('reply-text'))).to.deep.equal([
      'value of a',
      'value of b',
    ]);
    const result = await played;
    expect(result.kind === 'done' && result.value.get('application-response')).to.equal('FILE PLAYED');
    connection.close();
  });

  it('matches completions by Application-UUID, in whatever order they come', async () => {
    const { connection, peer } = await connected();
    const waits = ['a', 'b'].map((name) => connection.execute('set', `${name}=1`, 1_000));
    const uuids = [uuidOf(await peer.command()), uuidOf(await peer.command())];
    peer.reply();
    peer.reply();
    for (const uuid of ['of-another-call', ...uuids.reverse()]) {
      peer.event({ 'Event-Name': 'CHANNEL_EXECUTE_COMPLETE', 'Application-UUID': uuid, mark: uuid });
    }
    const marks = (await Promise.all(waits)).map((wait) => wait.kind === 'done' && wait.value.get('mark'));
    expect(marks).to.deep.equal(uuids.reverse());
    connection.close();
  });

  it('asks for the event lock with every application', async () => {
    const { connection, peer } = await connected();
    void connection.execute('answer', '', 1_000);
    expect(await peer.command()).to.include.members(['sendmsg', 'call-command: execute', 'event-lock: true']);
    connection.close();
  });

  it('ends every wait when the other side goes away, cleanly or not, and says so once', async () => {
    for (const leave of ['end', 'resetAndDestroy'] as const) {
      const { connection, peer, closed, closes } = await connected();
      const waits = [
        connection.command('getvar a'),
        connection.execute('playback', 'a.wav', 60_000),
        connection.command('exit'),
      ];
      await peer.command();
      peer.socket[leave]();
      for (const wait of waits) expect(await wait, leave).to.deep.equal({ kind: 'lost', reason: 'closed' });
      await closed;
      expect(await connection.command('getvar b')).to.deep.equal({ kind: 'lost', reason: 'closed' });
      expect(closes(), leave).to.equal(1);
    }
  });

  it('ends a wait after its time, and a late reply is not taken for the next one', async () => {
    const { connection, peer, clock } = await connected();
    const late = connection.command('getvar a');
    const running = connection.execute('playback', 'a.wav', 60_000);
    await peer.command();
    await peer.command();
    clock.advance(5_000);
    expect(await late).to.deep.equal({ kind: 'lost', reason: 'timeout' });
    expect(await running).to.deep.equal({ kind: 'lost', reason: 'timeout' });
    const next = connection.command('getvar b');
    await peer.command();
    peer.reply('value of a, too late');
    peer.reply('+OK');
    peer.reply('value of b');
    const reply = await next;
    expect(reply.kind === 'done' && reply.value.get('reply-text')).to.equal('value of b');
    connection.close();
  });

  it('ends an application whose sendmsg was refused', async () => {
    const { connection, peer } = await connected();
    const refused = connection.execute('answer', '', 60_000);
    await peer.command();
    peer.reply('-ERR invalid session id [x]');
    expect(await refused).to.deep.equal({ kind: 'lost', reason: 'refused' });
    connection.close();
  });

  it('never writes a line that could be taken for more than one, or expanded', async () => {
    const { connection, peer } = await connected();
    for (const bad of ['a\nexit', 'a\r', 'a\0', '${status()}', 'a"b', "a'b"]) {
      expect(await connection.execute('playback', bad, 1_000)).to.deep.equal({
        kind: 'lost',
        reason: 'refused',
      });
      expect(await connection.command(`getvar ${bad}`)).to.deep.equal({ kind: 'lost', reason: 'refused' });
    }
    void connection.command('getvar good');
    expect(await peer.command()).to.deep.equal(['getvar good']);
    connection.close();
  });

  it('is dropped when the peer talks nonsense for long, or without end', async () => {
    for (const nonsense of [
      'Content-Type: text/html\n\n'.repeat(50),
      'x'.repeat(1_100_000),
      'Content-Length: -5\n\n',
    ]) {
      const { peer, closed } = await connected();
      peer.send(nonsense);
      await closed;
      await peer.closed();
    }
  });

  it('reads the replies that a real switch gave to wrong commands', async () => {
    const { connection, peer } = await connected();
    const texts: string[] = [];
    for (const { from, octets } of session('outbound-errors')) {
      const command = octets.toString('latin1').trim();
      if (from === 'freeswitch') peer.send(octets);
      else if (/^(bogus|filter|getvar|myevents|event json|nixevent|api)/.test(command)) {
        void connection.command(command).then((reply) => texts.push(replyText(reply)));
      } else if (command !== 'connect')
        void connection.command('sendmsg'); // takes the reply's place in the queue
      else void connection.command('connect');
    }
    peer.socket.end();
    await once(peer.socket, 'close');
    expect(texts.filter((text) => text.startsWith('-ERR'))).to.deep.equal([
      '-ERR command not found',
      '-ERR command not found',
      '-ERR no keywords supplied',
      '-ERR command not found',
      '-ERR aready enabled.',
    ]);
  });
});

function replyText(reply: { kind: 'done'; value: ReadonlyMap<string, string> } | { kind: 'lost' }): string {
  return reply.kind === 'done' ? (reply.value.get('reply-text') ?? '') : 'lost';
}
