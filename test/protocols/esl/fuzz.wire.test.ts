import { expect } from 'chai';
import { FakeCore, openLine, type Line } from '../../channels/ivr/line.ts';
import { RawPeer } from './peer.ts';
import { session, streams } from './recordings.ts';

/** Inputs in `npm test`; `npm run test:fuzz` sets ten times as many. */
const COUNT = Number(process.env['FUZZ_COUNT'] ?? 20_000);
const SEED = 20_261_126;

/** Mulberry32: small, fixed seed, good enough to wander. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const TOKENS = [
  '\n',
  '\n\n',
  '\r\n\r\n',
  ':',
  ': ',
  '%',
  '%E9',
  '\xe9',
  '\0',
  'Content-Length: ',
  'Content-Length: 99999999999\n\n',
  'Content-Length: -1\n\n',
  'Content-Length: 5\n\n',
  'Content-Type: command/reply\n',
  'Reply-Text: -ERR x\n\n',
  'Reply-Text: +OK\n\n',
  'Content-Type: text/event-json\n',
  'Content-Type: text/disconnect-notice\n\n',
  'Content-Disposition: linger\n',
  'Unique-ID: ',
  '{"Event-Name":"CHANNEL_EXECUTE_COMPLETE"}',
  '{"Event-Name":"CHANNEL_HANGUP","Unique-ID":"x"}',
  '{',
  '[[[[',
  '"',
  'Event-Name: CHANNEL_DATA\n',
];

describe('the event socket listener under random and mutated octets', () => {
  let line: Line;
  let core: FakeCore;

  before(async () => {
    core = new FakeCore();
    line = await openLine(core, { config: { callsMax: 5_000 } });
  });
  after(() => line.close());

  const random = generator(SEED);
  const recorded = [...streams().values()];
  const connectReply = session('outbound-async-full-happy').find(({ from }) => from === 'freeswitch')!.octets;

  function input(): Buffer {
    const kind = random(10);
    if (kind < 2) return Buffer.from(Array.from({ length: 1 + random(200) }, () => random(256)));
    if (kind < 5)
      return Buffer.from(
        Array.from({ length: 1 + random(12) }, () => TOKENS[random(TOKENS.length)]!).join(''),
        'latin1',
      );
    const source = recorded[random(recorded.length)]!;
    if (kind < 6) return source.subarray(0, random(source.length));
    const from = random(source.length);
    const piece = Buffer.from(source.subarray(from, from + 1 + random(1_500)));
    for (let flips = 1 + random(8); flips > 0; flips--) piece[random(piece.length)] = random(256);
    return kind < 9 ? piece : Buffer.concat([connectReply, piece]);
  }

  /** A call in progress is attacked too. */
  async function begin(peer: RawPeer): Promise<void> {
    await peer.command();
    peer.send(connectReply);
    for (let command = 0; command < 3; command++) await peer.command();
    for (let command = 0; command < 3; command++) peer.reply();
  }

  it(`survives ${COUNT} of them and then serves a call`, async () => {
    const started = { arrivals: line.arrivals.length };
    // Several inputs share a connection, as a hostile peer would go on; a few connections are open at a time.
    const attack = async (share: number): Promise<void> => {
      for (let sent = 0; sent < share;) {
        const peer = await RawPeer.connect(line.esl.address);
        if (random(4) === 0) await begin(peer);
        for (let more = 1 + random(40); more > 0 && sent < share && !peer.socket.destroyed; more--, sent++) {
          peer.send(input());
          if (random(4) === 0) await new Promise(setImmediate);
        }
        if (random(3) === 0) peer.socket.resetAndDestroy();
        else {
          peer.socket.end();
          await peer.closed();
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, () => attack(Math.ceil(COUNT / 8))));

    const call = line.freeswitch.call({ from: '79160000001', to: '0611' });
    await call.heard();
    call.press('1');
    expect(await call.heard()).to.match(/^You have one thousand/);
    call.hangUp();
    while (line.esl.calls() > 0) await new Promise(setImmediate);
    // Some inputs hold a whole connect reply: those calls began, and every one of them ended once.
    expect(core.ended.length).to.equal(line.arrivals.length - started.arrivals);
    expect(line.arrivals.length).to.be.greaterThan(COUNT / 400);
    expect(core.kinds().filter((kind) => kind !== 'balance')).to.deep.equal([]);
  }).timeout(Math.max(20_000, COUNT));
});
