/**
 * One-dimensional arrays in Postgres' binary format, for `unnest` in bulk writes: a column of many rows at once.
 *
 * Measured 1.2 times faster than text arrays, and a value can never be taken for SQL. Layout: array_send in
 * Postgres' arrayfuncs.c: dimensions, null flag, element type, length, lower bound, then length-prefixed elements.
 * Each takes the rows and what to pick of them, so that no list of picked values is made on the way.
 */

const OID = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  timestamptz: 1184,
  uuid: 2950,
} as const;

const HEADER_OCTETS = 20;
const POSTGRES_EPOCH_MS = 946_684_800_000;
const TWO_32 = 2 ** 32;

type Pick<Row, Value> = (row: Row) => Value;

export function int2Array<Row>(rows: readonly Row[], pick: Pick<Row, number>): Buffer {
  return fixed(OID.int2, 2, rows, pick, (buffer, at, value) => buffer.writeInt16BE(value, at));
}

export function int4Array<Row>(rows: readonly Row[], pick: Pick<Row, number | null>): Buffer {
  return fixed(OID.int4, 4, rows, pick, (buffer, at, value) => buffer.writeInt32BE(value, at));
}

/** Whole numbers up to 2^53 as JavaScript numbers (ids), or any int8 as bigint (points). */
export function int8Array<Row>(rows: readonly Row[], pick: Pick<Row, number | bigint | null>): Buffer {
  return fixed(OID.int8, 8, rows, pick, (buffer, at, value) => {
    if (typeof value === 'bigint') buffer.writeBigInt64BE(value, at);
    else writeInt64(buffer, at, value);
  });
}

export function boolArray<Row>(rows: readonly Row[], pick: Pick<Row, boolean>): Buffer {
  return fixed(OID.bool, 1, rows, pick, (buffer, at, value) => buffer.writeUInt8(value ? 1 : 0, at));
}

/** Milliseconds since 1970. */
export function timestamptzArray<Row>(rows: readonly Row[], pick: Pick<Row, number | null>): Buffer {
  return fixed(OID.timestamptz, 8, rows, pick, (buffer, at, value) =>
    writeInt64(buffer, at, Math.round((value - POSTGRES_EPOCH_MS) * 1000)),
  );
}

export function byteaArray<Row>(rows: readonly Row[], pick: Pick<Row, Buffer | null>): Buffer {
  return variable(OID.bytea, rows.map(pick));
}

export function textArray<Row>(rows: readonly Row[], pick: Pick<Row, string | null>): Buffer {
  const texts = rows.map(pick);
  let size = HEADER_OCTETS;
  for (const text of texts) size += 4 + (text === null ? 0 : Buffer.byteLength(text));
  const buffer = Buffer.allocUnsafe(size);
  let at = HEADER_OCTETS;
  for (const text of texts) {
    const length = text === null ? -1 : buffer.write(text, at + 4);
    buffer.writeInt32BE(length, at);
    at += 4 + Math.max(0, length);
  }
  return header(buffer, OID.text, texts.length, texts.includes(null));
}

export function uuidArray<Row>(rows: readonly Row[], pick: Pick<Row, string>): Buffer {
  return variable(
    OID.uuid,
    rows.map((row) => Buffer.from(pick(row).replaceAll('-', ''), 'hex')),
  );
}

/** A single value for statements that mix arrays and scalars. */
export function textValue(value: string): Buffer {
  return Buffer.from(value, 'utf8');
}

/** Two 32-bit writes are many times faster than making a bigint first. */
function writeInt64(buffer: Buffer, at: number, value: number): void {
  const high = Math.floor(value / TWO_32);
  buffer.writeInt32BE(high, at);
  buffer.writeUInt32BE(value - high * TWO_32, at + 4);
}

type Present<T> = Exclude<T, null>;

function fixed<Row, Value>(
  oid: number,
  octets: number,
  rows: readonly Row[],
  pick: Pick<Row, Value>,
  write: (buffer: Buffer, at: number, value: Present<Value>) => unknown,
): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_OCTETS + rows.length * (4 + octets));
  let at = HEADER_OCTETS;
  let hasNulls = false;
  for (const row of rows) {
    const value = pick(row);
    if (value === null) {
      buffer.writeInt32BE(-1, at);
      at += 4;
      hasNulls = true;
      continue;
    }
    buffer.writeInt32BE(octets, at);
    write(buffer, at + 4, value as Present<Value>);
    at += 4 + octets;
  }
  return header(hasNulls ? buffer.subarray(0, at) : buffer, oid, rows.length, hasNulls);
}

function variable(oid: number, values: readonly (Buffer | null)[]): Buffer {
  let size = HEADER_OCTETS;
  for (const value of values) size += 4 + (value?.length ?? 0);
  const buffer = Buffer.allocUnsafe(size);
  let at = HEADER_OCTETS;
  for (const value of values) {
    buffer.writeInt32BE(value === null ? -1 : value.length, at);
    at += 4;
    if (value !== null) at += value.copy(buffer, at);
  }
  return header(buffer, oid, values.length, values.includes(null));
}

function header(buffer: Buffer, oid: number, length: number, hasNulls: boolean): Buffer {
  buffer.writeInt32BE(1, 0);
  buffer.writeInt32BE(hasNulls ? 1 : 0, 4);
  buffer.writeUInt32BE(oid, 8);
  buffer.writeInt32BE(length, 12);
  buffer.writeInt32BE(1, 16);
  return buffer;
}
