import { createHash } from 'node:crypto';
import { leafHash, rootOf } from './merkle.ts';
import { packRows, prefixOf, type Place, type SealedRow } from './place.ts';

/** A row of the journal with its columns as text in the order of the table; null where the column is. */
export interface JournalRow extends Place {
  readonly columns: readonly (string | null)[];
}

/** One seal of the chain; its number counts from 1 without gaps. */
export interface Seal {
  readonly batch: bigint;
  /** Place of its last row; it begins behind the last row of the seal before. */
  readonly through: Place;
  readonly rows: number;
  readonly root: Buffer;
  readonly prevRoot: Buffer;
  /** Hash over everything else here and the chain before: what is published outside to hold the past fast. */
  readonly chain: Buffer;
  /** Packed {@link SealedRow}s. */
  readonly places: Buffer;
  /** Milliseconds since 1970. */
  readonly sealedAt: number;
}

/** What the first seal follows. */
export const NOTHING_SEALED = { batch: 0n, root: Buffer.alloc(32), chain: Buffer.alloc(32) } as const;

/** The canonical content of a row: a JSON array of its table, transaction and columns. */
export function hashOf({ kind, xid, columns }: JournalRow): Buffer {
  return leafHash(JSON.stringify([kind, xid, ...columns]));
}

export function sealedRowOf(row: JournalRow, hash: Buffer): SealedRow {
  const { kind, home, account, transfer } = row;
  return { kind, home, account, transfer, prefix: prefixOf(hash) };
}

/** Seals rows that are in order and not none; `before` is the seal that they follow. */
export function sealRows(
  before: Pick<Seal, 'batch' | 'root' | 'chain'>,
  rows: readonly JournalRow[],
  sealedAt: number,
): Seal {
  const hashes = rows.map(hashOf);
  const { xid, kind, home, account, transfer } = rows.at(-1)!;
  const seal = {
    batch: before.batch + 1n,
    through: { xid, kind, home, account, transfer },
    rows: rows.length,
    root: rootOf(hashes),
    prevRoot: before.root,
    places: packRows(rows.map((row, index) => sealedRowOf(row, hashes[index]!))),
    sealedAt,
  };
  return { ...seal, chain: chainOf(before.chain, seal) };
}

const CHAIN = Buffer.of(2);

/** Hash that binds a seal, its list of rows included, to everything sealed before. */
export function chainOf(previous: Buffer, seal: Omit<Seal, 'chain'>): Buffer {
  const { batch, through, rows, root, prevRoot, places, sealedAt } = seal;
  const { xid, kind, home, account, transfer } = through;
  const content = JSON.stringify([
    ...[batch, xid, kind, home, account, transfer, rows].map(String),
    root.toString('hex'),
    prevRoot.toString('hex'),
    createHash('sha256').update(places).digest('hex'),
    String(sealedAt),
  ]);
  return createHash('sha256').update(CHAIN).update(previous).update(content).digest();
}
