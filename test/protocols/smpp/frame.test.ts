import { expect } from 'chai';
import fc from 'fast-check';
import { Framer } from '../../../protocols/smpp/frame.ts';

function pdu(bodyOctets: number, sequence = 7): Buffer {
  const octets = Buffer.alloc(16 + bodyOctets, 0xaa);
  octets.writeUInt32BE(octets.length, 0);
  octets.writeUInt32BE(5, 4);
  octets.writeUInt32BE(0, 8);
  octets.writeUInt32BE(sequence, 12);
  return octets;
}

function drain(framer: Framer): Buffer[] {
  const frames: Buffer[] = [];
  for (let frame = framer.next(); frame.kind === 'pdu'; frame = framer.next()) frames.push(frame.octets);
  return frames;
}

describe('framing', () => {
  it('cuts the same PDUs out of the stream, however TCP slices it', () => {
    const bodies = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 12 });
    fc.assert(
      fc.property(bodies, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sizes, slices) => {
        const sent = sizes.map((size, index) => pdu(size, index));
        const stream = Buffer.concat(sent);
        const framer = new Framer();
        const seen: Buffer[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const end = at + slices[turn % slices.length]!;
          framer.push(stream.subarray(at, end));
          seen.push(...drain(framer));
          at = end;
        }
        expect(seen.map((octets) => octets.toString('hex'))).to.deep.equal(
          sent.map((o) => o.toString('hex')),
        );
        expect(framer.buffered).to.equal(0);
      }),
    );
  });

  it('gives nothing out before the last octet arrived', () => {
    const octets = pdu(60);
    for (let length = 0; length < octets.length; length++) {
      const framer = new Framer();
      framer.push(octets.subarray(0, length));
      expect(framer.next().kind, `${length} octets`).to.equal('incomplete');
    }
  });

  for (const commandLength of [0, 1, 3, 4, 8, 15, 70_001, 0x47455420, 0xffffffff]) {
    it(`ends a stream with command_length ${commandLength}, at once and for good`, () => {
      const octets = pdu(4);
      octets.writeUInt32BE(commandLength, 0);
      const framer = new Framer();
      framer.push(octets.subarray(0, 4));
      expect(framer.next()).to.deep.include({ kind: 'fatal', commandLength });
      framer.push(pdu(0));
      expect(framer.next().kind).to.equal('fatal');
    });
  }

  it('names the sequence number of a PDU that is too long, for the generic_nack', () => {
    const octets = pdu(4, 4711);
    octets.writeUInt32BE(100_000, 0);
    const framer = new Framer();
    framer.push(octets);
    expect(framer.next()).to.deep.equal({ kind: 'fatal', commandLength: 100_000, sequence: 4711 });
  });

  it('takes the longest message_payload there can be', () => {
    const octets = pdu(0xffff + 300);
    const framer = new Framer();
    framer.push(octets);
    expect(framer.next().kind).to.equal('pdu');
  });

  it('stays fast when a long PDU arrives octet by octet', () => {
    const octets = pdu(60_000);
    const framer = new Framer();
    let frames = 0;
    for (const octet of octets) {
      framer.push(Buffer.of(octet));
      frames += drain(framer).length;
    }
    expect(frames).to.equal(1);
  });
});
