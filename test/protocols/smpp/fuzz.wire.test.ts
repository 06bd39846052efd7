import { expect } from 'chai';
import type { Socket } from 'node:net';
import { encode } from '../../../protocols/smpp/codec/encode.ts';
import { makePdu } from '../../../protocols/smpp/codec/pdu.ts';
import { startSmpp, type SmppWire } from '../../../protocols/smpp/esme.ts';
import { deliverOctets, MALFORMED_DELIVERIES, withLength } from './octets.ts';
import { oneBind, rawSmsc, recordingDeps, type RawSmsc, type Recorded } from './support.ts';

const COUNT = Number(process.env['FUZZ_COUNT'] ?? 20_000);
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_126);
/** Inputs thrown at one connection before it is looked at; an input that ends the stream ends the rest unread. */
const PER_CONNECTION = 100;

/** A small fixed generator (mulberry32), so that a failing run can be repeated by its seed. */
function randomSource(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const SEEDS: readonly Buffer[] = [
  deliverOctets(),
  deliverOctets({ esmClass: 4, text: Buffer.from('id:42 stat:DELIVRD err:000') }),
  deliverOctets({ esmClass: 0x40, text: Buffer.from('0500030902014142', 'hex') }),
  deliverOctets({ tlvs: [Buffer.from('0501000101', 'hex'), Buffer.from('138300020a10', 'hex')] }),
  encode(makePdu('data_sm', { sequence: 5, tlvs: { messagePayload: Buffer.from('BALANCE') } })),
  encode(makePdu('alert_notification', { sequence: 6 })),
  encode(makePdu('submit_sm_resp', { sequence: 1, body: { messageId: 'abc' } })),
  encode(makePdu('enquire_link', { sequence: 7 })),
  encode(makePdu('submit_multi', { sequence: 8, body: { destAddresses: [{ flag: 2, list: 'all' }] } })),
  encode(makePdu('query_sm_resp', { sequence: 9, body: { messageId: 'x' } })),
  ...MALFORMED_DELIVERIES.map(({ octets }) => octets),
];

/** Octets that need not be a PDU at all. */
function noise(random: (below: number) => number): Buffer {
  return Buffer.from(Array.from({ length: 1 + random(64) }, () => random(256)));
}

/** A PDU with a few octets changed, cut or added, and the command_length that fits. */
function hostile(random: (below: number) => number): Buffer {
  let octets = Buffer.from(SEEDS[random(SEEDS.length)]!);
  for (let mutations = 1 + random(4); mutations > 0; mutations--) {
    const at = 4 + random(Math.max(1, octets.length - 4));
    switch (random(4)) {
      case 0:
        octets[at] = random(256);
        break;
      case 1:
        octets = Buffer.from(octets.subarray(0, Math.max(16, at)));
        break;
      case 2:
        octets = Buffer.concat([
          octets.subarray(0, at),
          Buffer.of(random(256), random(256)),
          octets.subarray(at),
        ]);
        break;
      default:
        octets[at] = [0, 1, 0x7f, 0x80, 0xff][random(5)]!;
    }
  }
  return withLength(octets);
}

/** Whether the connection still answers enquire_link; false once we closed it. */
function alive(socket: Socket, sequence: number): Promise<boolean> {
  return new Promise((resolve) => {
    const wanted = Buffer.from(encode(makePdu('enquire_link_resp', { sequence })));
    let tail = Buffer.alloc(0);
    const settle = (value: boolean): void => {
      socket.off('data', look);
      resolve(value);
    };
    const look = (chunk: Buffer): void => {
      const seen = Buffer.concat([tail, chunk]);
      tail = seen.subarray(-wanted.length);
      if (seen.includes(wanted)) settle(true);
    };
    socket.on('data', look);
    socket.once('end', () => settle(false));
    socket.once('close', () => settle(false));
    if (socket.readableEnded || socket.destroyed) return settle(false);
    socket.write(encode(makePdu('enquire_link', { sequence })));
  });
}

describe(`${COUNT} hostile inputs`, function () {
  this.timeout(Math.max(20_000, COUNT * 2));
  let smsc: RawSmsc;
  let wire: SmppWire;
  let seen: Recorded;

  for (const kind of ['sms', 'ussd'] as const) {
    it(`leave the ${kind} bind serving, seed ${SEED}`, async () => {
      const random = randomSource(SEED);
      smsc = await rawSmsc();
      const recorded = recordingDeps();
      seen = recorded.seen;
      const config = oneBind(
        smsc.port,
        { kind },
        { partPatienceMs: 10 },
        { reconnectMinMs: 10, reconnectMaxMs: 10 },
      );
      wire = startSmpp(config, recorded.deps);
      let socket = await smsc.bound.next();
      let ended = 0;
      for (let sent = 0; sent < COUNT / 2; sent += PER_CONNECTION) {
        for (let input = 0; input < PER_CONNECTION - 1; input++) socket.write(hostile(random));
        if ((await alive(socket, 0x7ead0000 + sent)) && random(2) === 0) continue;
        // What cannot be framed, and a FIN inside whatever it looks like: we must end the connection.
        if (!socket.readableEnded) socket.end(noise(random));
        while (!socket.readableEnded && !socket.destroyed)
          await new Promise((resolve) => setImmediate(resolve));
        ended += 1;
        socket.destroy();
        socket = await smsc.bound.next();
      }
      const before = kind === 'sms' ? seen.mos.all.length : seen.turns.all.length;
      const served = alive(socket, 0x7eadffff);
      socket.write(deliverOctets({ sequence: 0x1234, text: Buffer.from('*100#') }));
      expect(await served).to.equal(true);
      expect(await alive(socket, 0x7eadfffe)).to.equal(true);
      expect(kind === 'sms' ? seen.mos.all.length : seen.turns.all.length).to.be.above(before - 1);
      expect(ended, 'some inputs must have ended the stream').to.be.above(0);
      smsc.close();
      await wire.close();
    });
  }
});
