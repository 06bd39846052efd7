import { assert } from '../errors.ts';
import type { Db } from '../storage/postgres.ts';

/** Serials that every daemon hands out without asking: blocks of a sequence, fetched ahead. */
export interface Serials {
  next(): number;
  /** Makes sure that the next batch cannot run dry; awaited between batches, off the hot path. */
  refill(): Promise<void>;
}

/** Must equal the sequence's increment. */
const BLOCK = 4096;
/** More than one batch of 500 operations can use. */
const LOW = 8 * BLOCK;

export async function createSerials(db: Db): Promise<Serials> {
  const blocks: { next: number; end: number }[] = [];
  const left = (): number => blocks.reduce((sum, block) => sum + block.end - block.next, 0);
  const refill = async (): Promise<void> => {
    if (left() >= LOW) return;
    const rows = await db.query<{ start: bigint }>(
      `select nextval('ledger_serial') as start from generate_series(1, 16)`,
    );
    for (const { start } of rows) blocks.push({ next: Number(start), end: Number(start) + BLOCK });
  };
  await refill();
  return {
    next: () => {
      const block = blocks[0];
      assert(block !== undefined, 'serials were refilled in time');
      const serial = block.next++;
      if (block.next === block.end) blocks.shift();
      return serial;
    },
    refill,
  };
}
