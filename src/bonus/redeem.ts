import { Refusal } from '../errors.ts';
import { debit, debitable, transferOf } from '../ledger/decide/moves.ts';
import { poolPart, POOL_PARTS, SYSTEM, type AccountKey } from '../ledger/keys.ts';
import { availableOf } from '../ledger/lots.ts';
import { redemptionKind } from '../ledger/kinds/redemption.ts';
import { toWrite, type Decision, type Operation, type View } from '../ledger/operation.ts';
import type { AccountRecord, RedemptionRecord, TransferRecord } from '../ledger/records.ts';
import type { PricedItem } from '../price-list/price-list.ts';

export const REDEMPTION_STATE = { fulfilled: 2 } as const;

export interface Redeeming {
  readonly wallet: AccountKey;
  readonly item: PricedItem;
  readonly priceList: number;
  readonly voucher: string | null;
  /** Which parts of the stock to look at: one by chance while there is plenty, all when that one was empty. */
  readonly stockParts: readonly number[];
}

export interface Redeemed {
  readonly item: string;
  readonly points: string;
  readonly available: bigint;
  readonly voucher: string | null;
}

export const ALL_PARTS: readonly number[] = Array.from({ length: POOL_PARTS }, (_, part) => part);

/**
 * Exchanges points for an item of the price list: the points, the piece of stock and the redemption in one commit.
 *
 * Refusals: `points_insufficient`, `item_out_of_stock`, `account_frozen`, `account_closed`, `account_unknown`.
 */
export function redeem(redeeming: Redeeming): Pick<Operation, 'keys' | 'decide'> {
  const { wallet, item } = redeeming;
  const parts = item.stockPool === undefined ? [] : stockKeys(item.stockPool, redeeming.stockParts);
  return {
    keys: { accounts: [wallet, ...parts] },
    decide: (view) => {
      const stock = parts.length === 0 ? undefined : takePiece(view, parts);
      const { account, slices } = debit(view, debitable(view.account(wallet.id)), item.points);
      const paid = transferOf(view, {
        kind: 'spend',
        src: wallet.id,
        dst: SYSTEM.redeemed,
        amount: item.points,
        slices,
        reason: `item ${item.code}`,
      });
      return record(view, redeeming, account, paid, stock);
    },
  };
}

function record(
  view: View,
  { wallet, item, priceList, voucher }: Redeeming,
  account: AccountRecord,
  paid: TransferRecord,
  stock: { account: AccountRecord; transfer: TransferRecord } | undefined,
): Decision {
  const redemption: RedemptionRecord = {
    home: wallet.home,
    account: wallet.id,
    serial: view.serial(),
    item: item.code,
    priceList,
    points: item.points,
    state: REDEMPTION_STATE.fulfilled,
    transfer: paid.id,
    voucher,
    createdAt: view.now,
  };
  const data: Redeemed = {
    item: item.code,
    points: item.points.toString(),
    available: availableOf(account.lots, view.now),
    voucher,
  };
  return {
    data,
    accounts: stock === undefined ? [account] : [account, stock.account],
    transfers: stock === undefined ? [paid] : [paid, stock.transfer],
    records: [toWrite(redemptionKind, redemption)],
  };
}

function stockKeys(pool: number, parts: readonly number[]): AccountKey[] {
  return parts.map((part) => poolPart(pool, part));
}

/** Pieces are counted like points in an account of their own kind; an empty pool refuses. */
function takePiece(
  view: View,
  parts: readonly AccountKey[],
): { account: AccountRecord; transfer: TransferRecord } {
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
