import type { StatusName } from '../../../protocols/smpp/statuses.ts';

interface DeliverOctets {
  readonly sequence?: number;
  readonly source?: Buffer;
  readonly schedule?: string;
  readonly smLength?: number;
  readonly text?: Buffer;
  readonly esmClass?: number;
  readonly tlvs?: readonly Buffer[];
}

/** The command of whose cut the tests are about. */
export const TRANSFER = 'TRANSFER 79160000002 10000';

/** The octets with command_length set to their number. */
export function withLength(octets: Buffer): Buffer {
  const copy = Buffer.from(octets);
  copy.writeUInt32BE(copy.length, 0);
  return copy;
}

/** A deliver_sm made octet by octet, so that each may be wrong. */
export function deliverOctets(parts: DeliverOctets = {}): Buffer {
  const text = parts.text ?? Buffer.from(TRANSFER);
  const head = Buffer.alloc(16);
  head.writeUInt32BE(5, 4);
  head.writeUInt32BE(parts.sequence ?? 1, 12);
  return withLength(
    Buffer.concat([
      head,
      Buffer.from('\0'),
      Buffer.of(1, 1),
      parts.source ?? Buffer.from('79160000001\0'),
      Buffer.of(0, 1),
      Buffer.from('7070\0'),
      Buffer.of(parts.esmClass ?? 0, 0, 0),
      Buffer.from(`${parts.schedule ?? ''}\0`),
      Buffer.from('\0'),
      Buffer.of(0, 0, 0, 0, parts.smLength ?? text.length),
      text,
      ...(parts.tlvs ?? []),
    ]),
  );
}

const hex = (octets: string): Buffer => Buffer.from(octets.replaceAll(' ', ''), 'hex');

/** Every kind of broken deliver_sm that npm smpp was seen to dispatch, misread or go deaf on. */
export const MALFORMED_DELIVERIES: readonly { name: string; octets: Buffer; status: StatusName }[] = [
  { name: 'no mandatory field at all', octets: deliverOctets().subarray(0, 16), status: 'ESME_RINVCMDLEN' },
  { name: 'mandatory fields missing', octets: deliverOctets().subarray(0, 40), status: 'ESME_RINVCMDLEN' },
  { name: 'an address without NUL', octets: deliverOctets().subarray(0, 25), status: 'ESME_RINVCMDLEN' },
  {
    name: 'an address above 20 characters',
    octets: deliverOctets({ source: Buffer.from(`${'7'.repeat(21)}\0`) }),
    status: 'ESME_RINVSRCADR',
  },
  {
    name: 'a delivery time that is none',
    octets: deliverOctets({ schedule: 'R' }),
    status: 'ESME_RINVSCHED',
  },
  { name: 'sm_length past the end', octets: deliverOctets({ smLength: 200 }), status: 'ESME_RINVMSGLEN' },
  { name: 'sm_length of 255', octets: deliverOctets({ smLength: 255 }), status: 'ESME_RINVMSGLEN' },
  {
    name: 'sm_length short of the text',
    octets: deliverOctets({ smLength: 3 }),
    status: 'ESME_RINVOPTPARSTREAM',
  },
  {
    name: 'a TLV header cut',
    octets: deliverOctets({ tlvs: [hex('0501 00')] }),
    status: 'ESME_RINVOPTPARSTREAM',
  },
  {
    name: 'a TLV past the end',
    octets: deliverOctets({ tlvs: [hex('0424 0010 41')] }),
    status: 'ESME_RINVOPTPARSTREAM',
  },
  {
    name: 'an empty one-octet TLV',
    octets: deliverOctets({ tlvs: [hex('0501 0000')] }),
    status: 'ESME_RINVPARLEN',
  },
  {
    name: 'a two-octet TLV of one octet, then another TLV',
    octets: deliverOctets({ tlvs: [hex('0204 0001 07'), hex('0501 0001 01')] }),
    status: 'ESME_RINVPARLEN',
  },
  {
    name: 'a two-octet TLV of one octet at the end',
    octets: deliverOctets({ tlvs: [hex('020c 0001 07')] }),
    status: 'ESME_RINVPARLEN',
  },
].map(({ name, octets, status }) => ({ name, octets: withLength(octets), status: status as StatusName }));
