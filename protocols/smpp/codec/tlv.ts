import { status } from '../statuses.ts';
import { Malformed, Unencodable, type Cursor } from './field.ts';

/** How the value of an optional parameter is laid out. */
interface TlvKind<T> {
  read(value: Buffer): T;
  write(value: T): Buffer;
}

const INVALID_LENGTH = status('ESME_RINVPARLEN');

/** An integer of exactly `octets` octets: a shorter one must not borrow from its neighbour. */
function int(octets: 1 | 2 | 4): TlvKind<number> {
  return {
    read: (value) => {
      if (value.length !== octets) throw new Malformed(INVALID_LENGTH, 'integer TLV of another size');
      return value.readUIntBE(0, octets);
    },
    write: (value) => {
      if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * octets)) {
        throw new Unencodable(INVALID_LENGTH, 'integer does not fit its TLV');
      }
      const into = Buffer.alloc(octets);
      into.writeUIntBE(value, 0, octets);
      return into;
    },
  };
}

/** A C-octet string; many centres leave the NUL out, so the TLV's own length bounds it. */
function text(octetsMax: number): TlvKind<string> {
  return {
    read: (value) => {
      const end = value.indexOf(0);
      return value.toString('latin1', 0, end < 0 ? value.length : end);
    },
    write: (value) => {
      // eslint-disable-next-line no-control-regex -- exactly the seven-bit set without NUL
      if (value.length >= octetsMax || !/^[\x01-\x7f]*$/.test(value)) {
        throw new Unencodable(INVALID_LENGTH, 'string does not fit its TLV');
      }
      return Buffer.from(`${value}\0`, 'latin1');
    },
  };
}

const octets: TlvKind<Buffer> = { read: (value) => value, write: (value) => value };

function tlv<T>(tag: number, kind: TlvKind<T>): { readonly tag: number; readonly kind: TlvKind<T> } {
  return { tag, kind };
}

/** Optional parameters of SMPP 3.4 (§5.3.2) and congestion_state of 5.0. */
export const TLVS = {
  destAddrSubunit: tlv(0x0005, int(1)),
  destNetworkType: tlv(0x0006, int(1)),
  destBearerType: tlv(0x0007, int(1)),
  destTelematicsId: tlv(0x0008, int(2)),
  sourceAddrSubunit: tlv(0x000d, int(1)),
  sourceNetworkType: tlv(0x000e, int(1)),
  sourceBearerType: tlv(0x000f, int(1)),
  /** One octet in 3.4, two in the field. */
  sourceTelematicsId: tlv(0x0010, octets),
  qosTimeToLive: tlv(0x0017, int(4)),
  payloadType: tlv(0x0019, int(1)),
  additionalStatusInfoText: tlv(0x001d, text(256)),
  receiptedMessageId: tlv(0x001e, text(65)),
  msMsgWaitFacilities: tlv(0x0030, int(1)),
  privacyIndicator: tlv(0x0201, int(1)),
  sourceSubaddress: tlv(0x0202, octets),
  destSubaddress: tlv(0x0203, octets),
  userMessageReference: tlv(0x0204, int(2)),
  userResponseCode: tlv(0x0205, int(1)),
  sourcePort: tlv(0x020a, int(2)),
  destinationPort: tlv(0x020b, int(2)),
  sarMsgRefNum: tlv(0x020c, int(2)),
  languageIndicator: tlv(0x020d, int(1)),
  sarTotalSegments: tlv(0x020e, int(1)),
  sarSegmentSeqnum: tlv(0x020f, int(1)),
  scInterfaceVersion: tlv(0x0210, int(1)),
  callbackNumPresInd: tlv(0x0302, int(1)),
  callbackNumAtag: tlv(0x0303, octets),
  numberOfMessages: tlv(0x0304, int(1)),
  callbackNum: tlv(0x0381, octets),
  dpfResult: tlv(0x0420, int(1)),
  setDpf: tlv(0x0421, int(1)),
  msAvailabilityStatus: tlv(0x0422, int(1)),
  networkErrorCode: tlv(0x0423, octets),
  messagePayload: tlv(0x0424, octets),
  deliveryFailureReason: tlv(0x0425, int(1)),
  moreMessagesToSend: tlv(0x0426, int(1)),
  messageState: tlv(0x0427, int(1)),
  congestionState: tlv(0x0428, int(1)),
  ussdServiceOp: tlv(0x0501, int(1)),
  displayTime: tlv(0x1201, int(1)),
  smsSignal: tlv(0x1203, int(2)),
  msValidity: tlv(0x1204, octets),
  /** No value in 3.4, one octet in 5.0. */
  alertOnMessageDelivery: tlv(0x130c, octets),
  itsReplyType: tlv(0x1380, int(1)),
  itsSessionInfo: tlv(0x1383, octets),
} as const;

type TlvName = keyof typeof TLVS;

export interface UnknownTlv {
  readonly tag: number;
  readonly value: Buffer;
}

/** The optional parameters of a PDU. Of a repeated one the first counts. */
export type Tlvs = {
  readonly [Name in TlvName]?: ReturnType<(typeof TLVS)[Name]['kind']['read']>;
} & { readonly unknown?: readonly UnknownTlv[] };

const BY_TAG = new Map<number, { readonly name: TlvName; readonly kind: TlvKind<unknown> }>(
  (Object.keys(TLVS) as TlvName[]).map((name) => [TLVS[name].tag, { name, kind: TLVS[name].kind }]),
);

/** Shared by all PDUs without optional parameters. */
export const NO_TLVS: Tlvs = Object.freeze({});

/** Reads optional parameters up to the end of the PDU; every one has to lie inside it. */
export function readTlvs(cursor: Cursor): Tlvs {
  const { octets: source } = cursor;
  if (cursor.at === source.length) return NO_TLVS;
  const found: Record<string, unknown> = {};
  const unknown: UnknownTlv[] = [];
  while (cursor.at < source.length) {
    if (cursor.at + 4 > source.length) throw new Malformed(status('ESME_RINVOPTPARSTREAM'), 'TLV header cut');
    const tag = source.readUInt16BE(cursor.at);
    const start = cursor.at + 4;
    const end = start + source.readUInt16BE(cursor.at + 2);
    if (end > source.length) throw new Malformed(status('ESME_RINVOPTPARSTREAM'), 'TLV past the end');
    const value = source.subarray(start, end);
    const known = BY_TAG.get(tag);
    if (known === undefined) unknown.push({ tag, value });
    else if (!(known.name in found)) found[known.name] = known.kind.read(value);
    cursor.at = end;
  }
  if (unknown.length > 0) found['unknown'] = unknown;
  return found;
}

/** The optional parameters as octets, in the table's order, unknown ones last. */
export function writeTlvs(tlvs: Tlvs): Buffer[] {
  const written: Buffer[] = [];
  const append = (tag: number, value: Buffer): void => {
    if (value.length > 0xffff) throw new Unencodable(INVALID_LENGTH, 'TLV above 65535 octets');
    const head = Buffer.alloc(4);
    head.writeUInt16BE(tag, 0);
    head.writeUInt16BE(value.length, 2);
    written.push(head, value);
  };
  for (const [name, value] of Object.entries(tlvs)) {
    if (name === 'unknown') continue;
    const known = TLVS[name as TlvName];
    append(known.tag, (known.kind as TlvKind<unknown>).write(value));
  }
  for (const { tag, value } of tlvs.unknown ?? []) append(tag, value);
  return written;
}
