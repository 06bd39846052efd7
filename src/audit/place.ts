import { assert } from '../errors.ts';

/** Tables of the journal; the number is part of a row's place. */
export const SEALED_TABLES = ['transfer', 'posting'] as const;

/** What a row of the journal is found by. */
export interface RowKey {
  /** Index into {@link SEALED_TABLES}. */
  readonly kind: number;
  readonly home: number;
  /** 0 for a transfer. */
  readonly account: bigint;
  readonly transfer: bigint;
}

/** Where a row stands in the order of sealing: by the transaction that wrote it, then by its key. */
export interface Place extends RowKey {
  /** Id of the transaction, decimal. */
  readonly xid: string;
}

export const BEFORE_ALL: Place = { xid: '0', kind: 0, home: -1, account: 0n, transfer: 0n };

/** A row's key and the first octets of its hash, as a seal keeps them to name the row that is not as it was. */
export interface SealedRow extends RowKey {
  readonly prefix: Buffer;
}

const PREFIX_OCTETS = 8;
const ROW_OCTETS = 1 + 2 + 8 + 8 + PREFIX_OCTETS;

export function prefixOf(hash: Buffer): Buffer {
  return hash.subarray(0, PREFIX_OCTETS);
}

export function packRows(rows: readonly SealedRow[]): Buffer {
  const packed = Buffer.allocUnsafe(rows.length * ROW_OCTETS);
  rows.forEach((row, index) => {
    const at = index * ROW_OCTETS;
    packed.writeUInt8(row.kind, at);
    packed.writeInt16BE(row.home, at + 1);
    packed.writeBigInt64BE(row.account, at + 3);
    packed.writeBigInt64BE(row.transfer, at + 11);
    row.prefix.copy(packed, at + 19);
  });
  return packed;
}

export function unpackRows(packed: Buffer): SealedRow[] {
  assert(packed.length % ROW_OCTETS === 0, 'packed places have whole entries');
  return Array.from({ length: packed.length / ROW_OCTETS }, (_, index) => {
    const at = index * ROW_OCTETS;
    return {
      kind: packed.readUInt8(at),
      home: packed.readInt16BE(at + 1),
      account: packed.readBigInt64BE(at + 3),
      transfer: packed.readBigInt64BE(at + 11),
      prefix: packed.subarray(at + 19, at + ROW_OCTETS),
    };
  });
}

/** How a row is named to people. */
export function nameOf({ kind, home, account, transfer }: RowKey): string {
  const table = SEALED_TABLES[kind] ?? 'row';
  const owner = table === 'posting' ? `, account ${String(account)}` : '';
  return `${table} (home ${String(home)}${owner}, transfer ${String(transfer)})`;
}

export function keyText({ kind, home, account, transfer }: RowKey): string {
  return [kind, home, account, transfer].join('/');
}
