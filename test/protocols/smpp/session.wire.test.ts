import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { manualClock } from '../../../src/runtime/clock.ts';
import { createLogger } from '../../../src/runtime/log.ts';
import { encode } from '../../../protocols/smpp/codec/encode.ts';
import { decode } from '../../../protocols/smpp/codec/decode.ts';
import { makePdu, type Pdu } from '../../../protocols/smpp/codec/pdu.ts';
import { Framer } from '../../../protocols/smpp/frame.ts';
import { SmppSession, type SessionHandlers } from '../../../protocols/smpp/session.ts';
import { deliverOctets, MALFORMED_DELIVERIES, withLength } from './octets.ts';
import { connectTo, Inbox } from './support.ts';

const LIMITS = { bindMs: 10_000, enquireLinkMs: 30_000, enquireLinkTimeoutMs: 10_000 };

/** A session of ours in the SMSC role, bound, and a socket of the test as its peer. */
interface Pair {
  readonly session: SmppSession;
  readonly peer: Socket;
  /** PDUs that the session wrote. */
  readonly wrote: Inbox<Pdu>;
  readonly closed: Inbox<string>;
  readonly clock: ReturnType<typeof manualClock>;
  /** Chunks as they arrived at the peer: writes. */
  readonly chunks: number[];
  end(): void;
}

async function pair(handlers: Partial<SessionHandlers> = {}): Promise<Pair> {
  const clock = manualClock();
  const closed = new Inbox<string>();
  const accepted = new Inbox<SmppSession>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const session = new SmppSession(
      socket,
      {
        clock,
        log: createLogger({ level: 'silent' }),
        windowMax: 100_000,
        requestTimeoutMs: 10_000,
        limits: LIMITS,
        pduLengthMax: 70_000,
      },
      {
        onRequest: (_request, respond) => respond(0),
        onClose: (reason) => closed.put(reason),
        ...handlers,
      },
    );
    session.markBound();
    accepted.put(session);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const peer = connectTo((server.address() as AddressInfo).port);
  const wrote = new Inbox<Pdu>();
  const chunks: number[] = [];
  const framer = new Framer();
  peer.on('data', (chunk: Buffer) => {
    chunks.push(chunk.length);
    framer.push(chunk);
    for (let frame = framer.next(); frame.kind === 'pdu'; frame = framer.next()) {
      const decoded = decode(frame.octets);
      if (decoded.kind === 'pdu') wrote.put(decoded.pdu);
    }
  });
  const session = await accepted.next();
  const end = (): void => {
    server.close();
    session.destroy('test over');
    peer.destroy();
  };
  return { session, peer, wrote, closed, clock, chunks, end };
}

describe('an SMPP session', () => {
  let open: Pair[] = [];
  const connected = async (handlers?: Partial<SessionHandlers>): Promise<Pair> => {
    const made = await pair(handlers);
    open.push(made);
    return made;
  };
  afterEach(() => {
    for (const { end } of open) end();
    open = [];
  });

  it('dispatches nothing of a TRANSFER that a FIN cuts at any octet, and all of the whole one', async () => {
    const octets = deliverOctets();
    for (let length = 1; length <= octets.length; length++) {
      let dispatched = 0;
      const { peer, closed, end } = await connected({
        onRequest: (_request, respond) => {
          dispatched++;
          respond(0);
        },
      });
      peer.end(octets.subarray(0, length));
      await closed.next();
      end();
      expect(dispatched, `cut after ${length} octets`).to.equal(length === octets.length ? 1 : 0);
    }
  });

  it('answers what arrived whole before a FIN', async () => {
    const { peer, wrote } = await connected();
    peer.end(deliverOctets({ sequence: 77 }));
    expect(await wrote.next()).to.include({ command: 'deliver_sm_resp', sequence: 77 });
  });

  for (const { name, octets, status } of MALFORMED_DELIVERIES) {
    it(`answers ${status} and goes on after ${name}`, async () => {
      const dispatched: number[] = [];
      const { peer, wrote } = await connected({
        onRequest: (request, respond) => {
          dispatched.push(request.sequence);
          respond(0);
        },
      });
      peer.write(Buffer.concat([octets, deliverOctets({ sequence: 2 })]));
      expect(await wrote.next())
        .to.include({ command: 'deliver_sm_resp', sequence: 1 })
        .with.property('status')
        .above(0);
      expect(await wrote.next()).to.include({ command: 'deliver_sm_resp', sequence: 2, status: 0 });
      expect(dispatched).to.deep.equal([2]);
    });
  }

  it('answers an unknown request with generic_nack and keeps quiet about an unknown response', async () => {
    const { peer, wrote } = await connected();
    const unknown = (id: number, sequence: number): Buffer => {
      const octets = withLength(Buffer.alloc(20));
      octets.writeUInt32BE(id, 4);
      octets.writeUInt32BE(sequence, 12);
      return octets;
    };
    peer.write(Buffer.concat([unknown(0x8000_0fff, 5), unknown(0x0000_0fff, 6)]));
    expect(await wrote.next()).to.include({ command: 'generic_nack', sequence: 6, status: 3 });
  });

  it('is not disturbed by alert_notification', async () => {
    const { peer, wrote, session } = await connected();
    peer.write(encode(makePdu('alert_notification', { sequence: 3 })));
    peer.write(encode(makePdu('enquire_link', { sequence: 4 })));
    expect(await wrote.next()).to.include({ command: 'enquire_link_resp', sequence: 4 });
    expect(session.closed).to.equal(false);
  });

  for (const commandLength of [0, 3, 4, 8, 15, 0x47455420]) {
    it(`says generic_nack and closes on command_length ${commandLength}`, async () => {
      const { peer, wrote, closed } = await connected();
      const octets = Buffer.alloc(16);
      octets.writeUInt32BE(commandLength, 0);
      peer.write(octets);
      expect(await wrote.next()).to.include({ command: 'generic_nack', status: 2 });
      expect(await closed.next()).to.equal('command_length out of range');
    });
  }

  it('answers unbind and ends', async () => {
    const { peer, wrote, closed } = await connected();
    peer.write(encode(makePdu('unbind', { sequence: 8 })));
    expect(await wrote.next()).to.include({ command: 'unbind_resp', sequence: 8 });
    expect(await closed.next()).to.equal('unbound by the peer');
    if (!peer.readableEnded) await once(peer, 'end');
  });

  it('answers for a handler that throws or rejects, and goes on', async () => {
    const { peer, wrote } = await connected({
      onRequest: (request, respond) => {
        if (request.sequence === 1) throw new Error('bug');
        if (request.sequence === 2) return Promise.reject(new Error('bug'));
        return respond(0);
      },
    });
    peer.write(Buffer.concat([1, 2, 3].map((sequence) => deliverOctets({ sequence }))));
    const answers = [await wrote.next(), await wrote.next(), await wrote.next()];
    const bySequence = answers.sort((a, b) => a.sequence - b.sequence).map(({ status }) => status);
    expect(bySequence).to.deep.equal([0x64, 0x64, 0]);
  });

  it('asks a silent peer after 30 s and leaves it 10 s later', async () => {
    const { wrote, closed, clock } = await connected();
    clock.advance(30_000);
    expect(await wrote.next()).to.include({ command: 'enquire_link' });
    clock.advance(10_000);
    expect(await closed.next()).to.equal('enquire_link unanswered');
  });

  it('stays with a peer that answers', async () => {
    const { peer, wrote, clock, session } = await connected();
    for (let round = 0; round < 3; round++) {
      clock.advance(30_000);
      const { sequence } = await wrote.next();
      peer.write(encode(makePdu('enquire_link_resp', { sequence })));
      peer.write(encode(makePdu('enquire_link', { sequence: 100 + round })));
      await wrote.next();
    }
    clock.advance(10_000);
    expect(session.closed).to.equal(false);
  });

  it('settles a request that is never answered after 10 s, and only logs the late answer', async () => {
    const { peer, session, wrote, clock } = await connected();
    const settled = session.request('submit_sm', { body: { destinationAddr: '79160000001' } });
    const { sequence } = await wrote.next();
    clock.advance(9_999);
    expect(session.windowUsed).to.equal(1);
    clock.advance(1);
    expect(await settled).to.deep.equal({ kind: 'timeout' });
    peer.write(encode(makePdu('submit_sm_resp', { sequence })));
    peer.write(encode(makePdu('enquire_link', { sequence: 1 })));
    await wrote.next();
    expect([session.windowUsed, session.closed]).to.deep.equal([0, false]);
  });

  it('settles everything when the connection is lost', async () => {
    const { peer, session, wrote } = await connected();
    const settled = Array.from({ length: 5 }, () => session.request('submit_sm'));
    await wrote.next();
    peer.destroy();
    expect((await Promise.all(settled)).map(({ kind }) => kind)).to.deep.equal(Array(5).fill('lost'));
    expect((await session.request('submit_sm')).kind).to.equal('lost');
  });

  it('does not take the answer of another command for its own', async () => {
    const { peer, session, wrote } = await connected();
    const settled = session.request('submit_sm');
    const { sequence } = await wrote.next();
    peer.write(encode(makePdu('enquire_link_resp', { sequence })));
    peer.write(encode(makePdu('submit_sm_resp', { sequence, body: { messageId: 'right' } })));
    expect(await settled).to.have.nested.property('pdu.body.messageId', 'right');
  });

  it('takes the status of a response whose body is broken', async () => {
    const { peer, session, wrote } = await connected();
    const settled = session.request('submit_sm');
    const { sequence } = await wrote.next();
    const octets = encode(makePdu('submit_sm_resp', { sequence, body: { messageId: 'x'.repeat(20) } }));
    peer.write(withLength(octets.subarray(0, 25)));
    expect(await settled).to.have.nested.property('pdu.status', 0);
  });

  it('writes what one turn produced in one piece', async () => {
    const { session, wrote, chunks } = await connected();
    for (let count = 0; count < 5; count++) void session.request('submit_sm');
    for (let count = 0; count < 5; count++) await wrote.next();
    expect(chunks).to.have.length(1);
  });

  it('handles at most 64 PDUs before others get their turn', async () => {
    const burst = Buffer.concat(
      Array.from({ length: 200 }, (_, index) => deliverOctets({ sequence: index + 1 })),
    );
    let inTurn = 0;
    let most = 0;
    const { peer, wrote } = await connected({
      onRequest: (_request, respond) => {
        if (inTurn === 0) setImmediate(() => (inTurn = 0));
        most = Math.max(most, ++inTurn);
        respond(0);
      },
    });
    peer.write(burst);
    for (let count = 0; count < 200; count++) await wrote.next();
    expect(most).to.be.within(1, 64);
  });

  it('is not ready for more while the peer reads nothing, and gives up on it in the end', async () => {
    const { peer, session, closed, clock } = await connected();
    peer.pause();
    const tlvs = { messagePayload: Buffer.alloc(60_000) };
    while (session.ready) {
      void session.request('data_sm', { tlvs });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(session.ready).to.equal(false);
    clock.advance(20_000);
    expect(await closed.next()).to.equal('peer does not read');
  });

  it('proves up to the oldest unanswered message when a later request is answered', async () => {
    const proofs = new Inbox<number>();
    const responds: (() => void)[] = [];
    const { peer, session, wrote, clock } = await connected({
      onRequest: (_request, respond) => void responds.push(() => respond(0)),
      onProof: (until) => proofs.put(until),
    });
    const start = clock.now();
    const received = async (sequence: number): Promise<void> => {
      peer.write(deliverOctets({ sequence }));
      peer.write(encode(makePdu('enquire_link', { sequence: 1000 + sequence })));
      await wrote.next();
    };
    await received(1);
    clock.advance(100);
    await received(2);
    clock.advance(100);
    responds[0]!();
    await wrote.next();
    void session.request('submit_sm');
    const { sequence } = await wrote.next();
    responds[1]!();
    await wrote.next();
    clock.advance(100);
    peer.write(encode(makePdu('submit_sm_resp', { sequence })));
    expect(await proofs.next()).to.equal(start + 100);
    void session.request('submit_sm');
    const next = await wrote.next();
    peer.write(encode(makePdu('submit_sm_resp', { sequence: next.sequence })));
    expect(await proofs.next()).to.equal(start + 300);
  });
});
