import type { Db } from '../storage/postgres.ts';
import { rootOf } from './merkle.ts';
import { BEFORE_ALL, keyText, nameOf, prefixOf, unpackRows, type Place } from './place.ts';
import { chainOf, hashOf, NOTHING_SEALED, type JournalRow, type Seal } from './seal.ts';
import { countUnsealed, listBetween, listSeals } from './seal-store.ts';

/** The first thing that is not as it was sealed. */
export interface Broken {
  readonly batch: bigint;
  readonly change: 'changed' | 'inserted' | 'removed';
  /** Names the row by its key. */
  readonly row: string;
}

export interface Verification {
  readonly intact: boolean;
  readonly seals: bigint;
  readonly rows: bigint;
  /** Rows that wait for their seal. */
  readonly unsealed: bigint;
  /** Hash of the last seal that was found intact; keep it outside the database and give it as `anchor` later. */
  readonly chain: string;
  readonly broken?: Broken;
}

const SEALS_PAGE = 50;

/**
 * Recomputes every seal from the journal as it is now, up to the first that differs (property P20).
 *
 * Whoever owns the database can write rows and all seals anew, or cut off the last ones; an `anchor`, the chain hash
 * of an earlier verification in hex, must then be missed.
 */
export async function verifySeals(db: Db, anchor?: string): Promise<Verification> {
  let before: Pick<Seal, 'batch' | 'root' | 'chain'> = NOTHING_SEALED;
  let place: Place = BEFORE_ALL;
  let rows = 0n;
  let isAnchored = anchor === undefined || anchor === before.chain.toString('hex');
  const result = async (broken?: Broken): Promise<Verification> => ({
    intact: broken === undefined,
    seals: before.batch,
    rows,
    unsealed: await countUnsealed(db, place),
    chain: before.chain.toString('hex'),
    ...(broken && { broken }),
  });
  for (;;) {
    const page = await listSeals(db, before.batch, SEALS_PAGE);
    if (page.length === 0) break;
    for (const seal of page) {
      const broken = checkSeal(before, seal) ?? (await checkRows(db, place, seal));
      if (broken !== undefined) return result(broken);
      rows += BigInt(seal.rows);
      before = seal;
      place = seal.through;
      isAnchored ||= seal.chain.toString('hex') === anchor;
    }
  }
  if (isAnchored) return result();
  return result({ batch: before.batch, change: 'removed', row: 'the seal of the anchor' });
}

/** Whether the seal itself is the one that was made after `before`. */
function checkSeal(before: Pick<Seal, 'batch' | 'root' | 'chain'>, seal: Seal): Broken | undefined {
  const batch = before.batch + 1n;
  const row = `ledger_seal (batch ${String(batch)})`;
  if (seal.batch !== batch) return { batch, change: 'removed', row };
  const isAsMade = seal.prevRoot.equals(before.root) && seal.chain.equals(chainOf(before.chain, seal));
  return isAsMade ? undefined : { batch, change: 'changed', row };
}

async function checkRows(db: Db, after: Place, seal: Seal): Promise<Broken | undefined> {
  // More rows than were sealed is a finding already; a flood of them need not be read to its end.
  const rows = await listBetween(db, after, seal.through, seal.rows * 2 + 1);
  const hashes = rows.map(hashOf);
  if (rows.length === seal.rows && rootOf(hashes).equals(seal.root)) return undefined;
  return { batch: seal.batch, ...firstDifference(seal, rows, hashes) };
}

function firstDifference(
  seal: Seal,
  rows: readonly JournalRow[],
  hashes: readonly Buffer[],
): Omit<Broken, 'batch'> {
  const found = new Map(rows.map((row, index) => [keyText(row), prefixOf(hashes[index]!)]));
  const sealed = unpackRows(seal.places);
  for (const row of sealed) {
    const prefix = found.get(keyText(row));
    if (prefix === undefined) return { change: 'removed', row: nameOf(row) };
    if (!prefix.equals(row.prefix)) return { change: 'changed', row: nameOf(row) };
  }
  const known = new Set(sealed.map(keyText));
  const added = rows.find((row) => !known.has(keyText(row)));
  return added === undefined
    ? { change: 'changed', row: `a row under seal ${String(seal.batch)}` }
    : { change: 'inserted', row: nameOf(added) };
}
