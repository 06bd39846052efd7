import { Refusal } from '../errors.ts';
import { transferOf } from '../ledger/decide/moves.ts';
import { poolPart, POOL_PARTS, SYSTEM, type AccountKey } from '../ledger/keys.ts';
import type { View } from '../ledger/operation.ts';
import type { AccountRecord, TransferRecord } from '../ledger/records.ts';

/** Pieces of stock are counted like points, in pool accounts of their own kind. */
export const ALL_PARTS: readonly number[] = Array.from({ length: POOL_PARTS }, (_, part) => part);

export interface TakenPiece {
  readonly account: AccountRecord;
  readonly transfer: TransferRecord;
}

export function stockKeys(pool: number, parts: readonly number[]): AccountKey[] {
  return parts.map((part) => poolPart(pool, part));
}

/** @throws Refusal `item_out_of_stock` when all the parts are empty */
export function takePiece(view: View, parts: readonly AccountKey[]): TakenPiece {
  const stocked = parts.map((key) => view.account(key.id)).find((account) => account.balance > 0n);
  if (stocked === undefined) throw new Refusal('item_out_of_stock');
  const transfer = transferOf(view, {
    kind: 'pool',
    src: stocked.id,
    dst: SYSTEM.stock,
    amount: 1n,
    slices: [],
  });
  return { account: { ...stocked, balance: stocked.balance - 1n }, transfer };
}

/** The piece of an order that was given back or could not be fulfilled. */
export function returnPiece(view: View, part: number): TakenPiece {
  const account = view.account(part);
  const transfer = transferOf(
    view,
    { kind: 'pool', src: SYSTEM.stock, dst: part, amount: 1n, slices: [] },
    part,
  );
  return { account: { ...account, balance: account.balance + 1n }, transfer };
}
