import { status } from '../statuses.ts';

/** Why octets are no PDU: the command_status to answer and a phrase for the log. Never leaves the codec. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
  readonly status: number;

  constructor(code: number, reason: string) {
    super(reason);
    this.status = code;
  }
}

/** A value of ours that the standard cannot carry: refuse the message that holds it. */
export class Unencodable extends Error {
  override readonly name = 'Unencodable';
  readonly status: number;

  constructor(code: number, reason: string) {
    super(reason);
    this.status = code;
  }
}

/** Where a decoder stands in the octets of one PDU. */
export interface Cursor {
  readonly octets: Buffer;
  at: number;
}

/** One mandatory parameter of a PDU. `write` returns the offset after it. */
export interface Field<T> {
  readonly empty: T;
  read(cursor: Cursor): T;
  size(value: T): number;
  write(into: Buffer, at: number, value: T): number;
}

const TOO_SHORT = status('ESME_RINVCMDLEN');

/** One-octet integer (SMPP 3.4 §3.1). */
export const int8: Field<number> = {
  empty: 0,
  read: (cursor) => {
    if (cursor.at >= cursor.octets.length) throw new Malformed(TOO_SHORT, 'mandatory field missing');
    return cursor.octets[cursor.at++]!;
  },
  size: () => 1,
  write: (into, at, value) => {
    if (!Number.isInteger(value) || value < 0 || value > 0xff) {
      throw new Unencodable(status('ESME_RSYSERR'), 'integer does not fit one octet');
    }
    into[at] = value;
    return at + 1;
  },
};

/** Four-octet integer. */
export const int32: Field<number> = {
  empty: 0,
  read: (cursor) => {
    if (cursor.at + 4 > cursor.octets.length) throw new Malformed(TOO_SHORT, 'mandatory field missing');
    cursor.at += 4;
    return cursor.octets.readUInt32BE(cursor.at - 4);
  },
  size: () => 4,
  write: (into, at, value) => into.writeUInt32BE(value, at),
};

/**
 * C-octet string of at most `octetsMax` octets, its NUL included. `refusal` is the status for one that is too long
 * or holds what no C-octet string can.
 */
export function cString(octetsMax: number, refusal: number): Field<string> {
  return {
    empty: '',
    read: (cursor) => {
      const end = cursor.octets.indexOf(0, cursor.at);
      if (end < 0) throw new Malformed(TOO_SHORT, 'string without NUL');
      if (end - cursor.at >= octetsMax) throw new Malformed(refusal, 'string longer than its field');
      const value = cursor.octets.toString('latin1', cursor.at, end);
      cursor.at = end + 1;
      return value;
    },
    size: (value) => value.length + 1,
    write: (into, at, value) => {
      if (value.length >= octetsMax) throw new Unencodable(refusal, 'string longer than its field');
      // eslint-disable-next-line no-control-regex -- exactly the seven-bit set without NUL
      if (!/^[\x01-\x7f]*$/.test(value)) throw new Unencodable(refusal, 'string is not ASCII');
      into.write(value, at, 'latin1');
      into[at + value.length] = 0;
      return at + value.length + 1;
    },
  };
}

/** schedule_delivery_time, validity_period: empty or exactly 16 characters (SMPP 3.4 §7.1). */
export function timeString(refusal: number): Field<string> {
  const text = cString(17, refusal);
  return {
    ...text,
    read: (cursor) => {
      const value = text.read(cursor);
      if (value !== '' && value.length !== 16) throw new Malformed(refusal, 'time is not 16 characters');
      return value;
    },
  };
}

/** sm_length and short_message: at most 254 octets in 3.4 (§5.2.21). */
export const shortMessage: Field<Buffer> = {
  empty: Buffer.alloc(0),
  read: (cursor) => {
    const length = int8.read(cursor);
    if (length > 254) throw new Malformed(status('ESME_RINVMSGLEN'), 'sm_length above 254');
    const end = cursor.at + length;
    if (end > cursor.octets.length) throw new Malformed(status('ESME_RINVMSGLEN'), 'sm_length past the end');
    const value = cursor.octets.subarray(cursor.at, end);
    cursor.at = end;
    return value;
  },
  size: (value) => value.length + 1,
  write: (into, at, value) => {
    if (value.length > 254)
      throw new Unencodable(status('ESME_RINVMSGLEN'), 'short_message above 254 octets');
    into[at] = value.length;
    value.copy(into, at + 1);
    return at + 1 + value.length;
  },
};

/** A one-octet count and so many entries, each made of `item` fields in order. */
export function listOf<T>(item: {
  read(cursor: Cursor): T;
  size(value: T): number;
  write(into: Buffer, at: number, value: T): number;
}): Field<readonly T[]> {
  return {
    empty: [],
    read: (cursor) => {
      const count = int8.read(cursor);
      const values: T[] = [];
      for (let index = 0; index < count; index++) values.push(item.read(cursor));
      return values;
    },
    size: (values) => values.reduce((sum, value) => sum + item.size(value), 1),
    write: (into, at, values) =>
      values.reduce((offset, value) => item.write(into, offset, value), int8.write(into, at, values.length)),
  };
}
