import { expect } from 'chai';
import { decode } from '../../../../protocols/smpp/codec/decode.ts';
import { statusName } from '../../../../protocols/smpp/statuses.ts';
import { deliverOctets, MALFORMED_DELIVERIES, withLength } from '../octets.ts';

function outcome(frame: Buffer): string {
  const decoded = decode(frame);
  return decoded.kind === 'pdu' ? 'valid' : statusName(decoded.status);
}

describe('a malformed deliver_sm', () => {
  it('starts from a valid one', () => {
    expect(outcome(deliverOctets())).to.equal('valid');
  });

  for (const { name, octets, status } of MALFORMED_DELIVERIES) {
    it(`is refused: ${name}`, () => {
      expect(outcome(octets)).to.equal(status);
    });
  }

  it('is refused wherever its end is cut off, even when command_length agrees with the cut', () => {
    const whole = deliverOctets({ tlvs: [] });
    for (let length = 16; length < whole.length; length++) {
      expect(outcome(withLength(whole.subarray(0, length))), `${length} octets`).to.not.equal('valid');
    }
  });
});

describe('what live centres send', () => {
  const tlv = (tag: number, value: Buffer): Buffer => {
    const head = Buffer.alloc(4);
    head.writeUInt16BE(tag, 0);
    head.writeUInt16BE(value.length, 2);
    return Buffer.concat([head, value]);
  };

  it('may leave the NUL of a TLV string out without touching its neighbour', () => {
    const octets = deliverOctets({ tlvs: [tlv(0x1e, Buffer.from('AB12')), tlv(0x0501, Buffer.of(1))] });
    const decoded = decode(octets);
    expect(decoded).to.have.nested.property('pdu.tlvs.receiptedMessageId', 'AB12');
    expect(decoded).to.have.nested.property('pdu.tlvs.ussdServiceOp', 1);
  });

  it('may carry unknown TLVs, empty ones too', () => {
    const octets = deliverOctets({ tlvs: [tlv(0x1501, Buffer.alloc(0)), tlv(0x060b, Buffer.from('x'))] });
    expect(decode(octets)).to.have.nested.property('pdu.tlvs.unknown').with.length(2);
  });

  it('may repeat a parameter: the first counts', () => {
    const octets = deliverOctets({ tlvs: [tlv(0x0204, Buffer.of(0, 1)), tlv(0x0204, Buffer.of(0, 2))] });
    expect(decode(octets)).to.have.nested.property('pdu.tlvs.userMessageReference', 1);
  });
});
