import { expect } from 'chai';
import fc from 'fast-check';
import smpp from 'smpp';
import { COMMANDS, isResponseId, type CommandName } from '../../../../protocols/smpp/codec/commands.ts';
import { decode } from '../../../../protocols/smpp/codec/decode.ts';
import { encode } from '../../../../protocols/smpp/codec/encode.ts';
import { Unencodable } from '../../../../protocols/smpp/codec/field.ts';
import { makePdu, type Pdu, type PduOf } from '../../../../protocols/smpp/codec/pdu.ts';
import type { Tlvs } from '../../../../protocols/smpp/codec/tlv.ts';

const octet = fc.integer({ min: 0, max: 255 });
const buffer = (max: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength: max, size: 'max' }).map((octets) => Buffer.from(octets));
const ascii = (max: number): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.integer({ min: 1, max: 127 }).map((code) => String.fromCharCode(code)),
    maxLength: max,
    size: 'max',
  });
const LENGTHS: Readonly<Record<string, number>> = {
  systemId: 15,
  password: 8,
  systemType: 12,
  addressRange: 40,
  serviceType: 5,
  messageId: 64,
  sourceAddr: 20,
  destinationAddr: 20,
  esmeAddr: 64,
};

/** A value for each mandatory field, by its name. */
function valueOf(name: string): fc.Arbitrary<unknown> {
  const length = LENGTHS[name];
  if (length !== undefined) return ascii(length);
  if (name === 'shortMessage') return buffer(254);
  if (/Time|Date|Period$/.test(name)) return fc.constantFrom('', '261126070000000R');
  if (name === 'destAddresses') {
    const sme = fc.record({ flag: fc.constant(1), ton: octet, npi: octet, address: ascii(20) });
    return fc.array(fc.oneof(sme, fc.record({ flag: fc.constant(2), list: ascii(20) })), { maxLength: 5 });
  }
  if (name === 'unsuccessSmes') {
    const errorStatus = fc.integer({ min: 0, max: 0xffffffff });
    return fc.array(fc.record({ ton: octet, npi: octet, address: ascii(20), errorStatus }), { maxLength: 5 });
  }
  return octet;
}

const tlvs = fc.record(
  {
    userMessageReference: fc.integer({ min: 0, max: 0xffff }),
    receiptedMessageId: ascii(64),
    messagePayload: buffer(2_000),
    itsSessionInfo: buffer(2),
    ussdServiceOp: octet,
    qosTimeToLive: fc.integer({ min: 0, max: 0xffffffff }),
    unknown: fc.array(fc.record({ tag: fc.integer({ min: 0x1400, max: 0x3fff }), value: buffer(20) }), {
      minLength: 1,
    }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Tlvs>;

function pduOf(command: CommandName): fc.Arbitrary<Pdu> {
  const fields = Object.keys(COMMANDS[command].fields);
  return fc.record({
    command: fc.constant(command),
    status: fc.constant(0),
    sequence: fc.integer({ min: 0, max: 0xffffffff }),
    body: fc.record(Object.fromEntries(fields.map((name) => [name, valueOf(name)]))),
    tlvs,
  }) as unknown as fc.Arbitrary<Pdu>;
}

const roundTrip = (pdu: Pdu): unknown => decode(encode(pdu as PduOf<CommandName>));

describe('the codec', () => {
  for (const command of Object.keys(COMMANDS) as CommandName[]) {
    it(`reads what it wrote: ${command}`, () => {
      fc.assert(
        fc.property(pduOf(command), (pdu) => {
          expect(roundTrip(pdu)).to.deep.equal({ kind: 'pdu', pdu });
        }),
        { numRuns: 60 },
      );
    });
  }

  it('never throws and always knows whom to answer, whatever a frame holds', () => {
    const ids = fc.constantFrom(...Object.values(COMMANDS).map(({ id }) => id), 0x99, 0x80000099);
    fc.assert(
      fc.property(ids, fc.integer({ min: 0, max: 0xffffffff }), buffer(200), (id, sequence, body) => {
        const frame = Buffer.concat([Buffer.alloc(16), body]);
        frame.writeUInt32BE(frame.length, 0);
        frame.writeUInt32BE(id, 4);
        frame.writeUInt32BE(sequence, 12);
        const decoded = decode(frame);
        if (decoded.kind === 'pdu') expect(decoded.pdu.sequence).to.equal(sequence);
        else {
          expect(decoded).to.include({ sequence, response: isResponseId(id) });
          expect(decoded.status).to.be.greaterThan(0);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('writes deliver_sm as npm smpp reads it', () => {
    const shortMessage = Buffer.from('BALANCE');
    const octets = encode(
      makePdu('deliver_sm', {
        sequence: 9,
        body: { sourceAddr: '79160000001', sourceAddrTon: 1, destinationAddr: '7070', shortMessage },
        tlvs: { userMessageReference: 0x1234, ussdServiceOp: 18 },
      }),
    );
    const peer = new smpp.PDU(octets);
    expect(peer).to.include({ command: 'deliver_sm', source_addr: '79160000001', destination_addr: '7070' });
    expect(peer).to.include({ user_message_reference: 0x1234, ussd_service_op: 18 });
    expect(peer.short_message!.message).to.equal('BALANCE');
  });

  it('reads submit_sm as npm smpp writes it', () => {
    const octets = new smpp.PDU('submit_sm', {
      source_addr: 'Bonus',
      destination_addr: '79160000001',
      short_message: Buffer.from('hi'),
      data_coding: 4,
      sar_msg_ref_num: 300,
    }).toBuffer();
    const decoded = decode(octets);
    expect(decoded.kind).to.equal('pdu');
    if (decoded.kind !== 'pdu' || decoded.pdu.command !== 'submit_sm') return;
    expect(decoded.pdu.body).to.include({
      sourceAddr: 'Bonus',
      destinationAddr: '79160000001',
      dataCoding: 4,
    });
    expect(decoded.pdu.body.shortMessage.toString()).to.equal('hi');
    expect(decoded.pdu.tlvs.sarMsgRefNum).to.equal(300);
  });

  it('leaves the body of a refused submit out and keeps the message id of a deliver answer', () => {
    expect(encode(makePdu('submit_sm_resp', { sequence: 1, status: 0x58 }))).to.have.length(16);
    expect(encode(makePdu('deliver_sm_resp', { sequence: 1, status: 0x64 }))).to.have.length(17);
  });

  it('accepts a response without body', () => {
    const frame = encode(makePdu('generic_nack', { sequence: 3, status: 0 }));
    frame.writeUInt32BE(COMMANDS.submit_sm_resp.id, 4);
    expect(decode(frame)).to.have.nested.property('pdu.body.messageId', '');
  });

  describe('refuses to write what the field cannot carry', () => {
    const cases: [string, Partial<PduOf<'submit_sm'>['body']>, Tlvs?][] = [
      ['an address of 40 digits', { destinationAddr: '1'.repeat(40) }],
      ['a NUL inside an address', { destinationAddr: '7916\u00000000' }],
      ['a Cyrillic sender', { sourceAddr: 'Бонус' }],
      ['a text of 255 octets', { shortMessage: Buffer.alloc(255) }],
      ['an octet above 255', { dataCoding: 256 }],
      ['an integer too big for its TLV', {}, { userMessageReference: 70_000 }],
      ['a payload above 65535 octets', {}, { messagePayload: Buffer.alloc(65_536) }],
    ];
    for (const [name, body, parameters] of cases) {
      it(name, () => {
        const pdu = makePdu('submit_sm', { sequence: 1, body, ...(parameters && { tlvs: parameters }) });
        expect(() => encode(pdu)).to.throw(Unencodable);
      });
    }
  });
});
