import { availableOf } from '../ledger/lots.ts';
import { debit, debitable, transferOf } from '../ledger/decide/moves.ts';
import { formatRef, SYSTEM, type AccountKey } from '../ledger/keys.ts';
import { benefitKind } from '../ledger/kinds/benefit.ts';
import { redemptionKind } from '../ledger/kinds/redemption.ts';
import { sagaKind, type SagaRecord } from '../ledger/kinds/saga.ts';
import { toWrite, type Decision, type Operation, type View } from '../ledger/operation.ts';
import {
  HOLD_STATE,
  REDEMPTION_STATE,
  type AccountRecord,
  type HoldRecord,
  type RedemptionRecord,
} from '../ledger/records.ts';
import type { PricedItem } from '../price-list/price-list.ts';
import { DAY_MS } from '../values/instant.ts';
import { benefitOf } from './benefit.ts';
import { countForMember } from './member-limit.ts';
import { stockKeys, takePiece, type TakenPiece } from './stock.ts';

/** A hold outlasts any outage of the billing system that is worth waiting for. */
const ORDER_HOLD_MS = 30 * DAY_MS;

export const REDEMPTION_SAGA = 'redemption';

export interface Redeeming {
  readonly wallet: AccountKey;
  readonly item: PricedItem;
  readonly priceList: number;
  readonly voucher: string | null;
  /** Which parts of the stock to look at: one by chance while there is plenty, all when that one was empty. */
  readonly stockParts: readonly number[];
  /** IANA zone in which days and months of limits begin. */
  readonly zone: string;
}

export interface Redeemed {
  readonly item: string;
  readonly points: string;
  readonly available: bigint;
  readonly voucher: string | null;
  /** Reference of the order, for giving it back. */
  readonly order: string;
  /** The points are on hold; billing has not switched the service on yet. */
  readonly waiting: boolean;
}

/** What the provisioning of an order needs to know, kept in its saga. */
export interface OrderData {
  readonly item: string;
  readonly service: string;
  readonly points: string;
}

/**
 * Exchanges points for an item of the price list: the points, the piece of stock, the benefit and the redemption in
 * one commit. An item that billing has to switch on takes a hold first; a saga finishes it (bonus-core §3.5).
 *
 * Refusals: `points_insufficient`, `item_out_of_stock`, `limit_exceeded`, `account_frozen`, `account_closed`,
 * `account_unknown`.
 */
export function redeem(redeeming: Redeeming): Pick<Operation, 'keys' | 'decide'> {
  const { wallet, item } = redeeming;
  const parts = item.stockPool === undefined ? [] : stockKeys(item.stockPool, redeeming.stockParts);
  return {
    keys: { accounts: [wallet, ...parts] },
    decide: (view) => {
      const stock = parts.length === 0 ? undefined : takePiece(view, parts);
      const owner = debitable(view.account(wallet.id));
      const counted = countForMember(owner, item, view.now, redeeming.zone);
      return item.provision === undefined
        ? fulfil(view, redeeming, counted, stock)
        : order(view, redeeming, item.provision, counted, stock);
    },
  };
}

function fulfil(
  view: View,
  redeeming: Redeeming,
  owner: AccountRecord,
  stock: TakenPiece | undefined,
): Decision {
  const { wallet, item, voucher } = redeeming;
  const { account, slices } = debit(view, owner, item.points);
  const paid = transferOf(view, {
    kind: 'spend',
    src: wallet.id,
    dst: SYSTEM.redeemed,
    amount: item.points,
    slices,
    reason: `item ${item.code}`,
  });
  const serial = view.serial();
  const benefit = benefitOf(view, wallet, item.benefit, item.code);
  const redemption: RedemptionRecord = {
    ...orderOf(view, redeeming, serial, stock),
    state: REDEMPTION_STATE.fulfilled,
    transfer: paid.id,
    voucher,
    benefit: benefit?.serial ?? null,
    cancelUntil: cancelUntil(item, view.now),
  };
  const data = redeemedOf(redeeming, account, view.now, serial, false);
  return {
    data,
    accounts: stock === undefined ? [account] : [account, stock.account],
    transfers: stock === undefined ? [paid] : [paid, stock.transfer],
    records: [
      toWrite(redemptionKind, redemption),
      ...(benefit === undefined ? [] : [toWrite(benefitKind, benefit)]),
    ],
  };
}

function order(
  view: View,
  redeeming: Redeeming,
  service: string,
  owner: AccountRecord,
  stock: TakenPiece | undefined,
): Decision {
  const { wallet, item } = redeeming;
  const { account, slices } = debit(view, owner, item.points);
  const held = { ...account, balance: owner.balance, held: owner.held + item.points };
  const hold: HoldRecord = {
    home: wallet.home,
    account: wallet.id,
    serial: view.serial(),
    amount: item.points,
    captured: 0n,
    state: HOLD_STATE.active,
    slices,
    expiresAt: view.now + ORDER_HOLD_MS,
    createdAt: view.now,
  };
  const serial = view.serial();
  const redemption = { ...orderOf(view, redeeming, serial, stock), hold: hold.serial };
  return {
    data: redeemedOf(redeeming, held, view.now, serial, true),
    accounts: stock === undefined ? [held] : [held, stock.account],
    transfers: stock === undefined ? [] : [stock.transfer],
    holds: [hold],
    records: [
      toWrite(redemptionKind, redemption),
      toWrite(sagaKind, provisioningOf(view, redeeming, service, serial)),
    ],
  };
}

function provisioningOf(
  view: View,
  { wallet, item }: Redeeming,
  service: string,
  subject: number,
): SagaRecord {
  const data: OrderData = { item: item.code, service, points: item.points.toString() };
  return {
    home: wallet.home,
    account: wallet.id,
    serial: view.serial(),
    type: REDEMPTION_SAGA,
    subject,
    step: 'provision',
    data: JSON.stringify(data),
    attempts: 0,
    dueAt: view.now,
    createdAt: view.now,
  };
}

function orderOf(
  view: View,
  { wallet, item, priceList }: Redeeming,
  serial: number,
  stock: TakenPiece | undefined,
): RedemptionRecord {
  return {
    home: wallet.home,
    account: wallet.id,
    serial,
    item: item.code,
    priceList,
    points: item.points,
    state: REDEMPTION_STATE.held,
    hold: null,
    transfer: null,
    voucher: null,
    benefit: null,
    stockPart: stock?.account.id ?? null,
    cancelUntil: null,
    createdAt: view.now,
  };
}

export function cancelUntil({ cancelDays }: Pick<PricedItem, 'cancelDays'>, now: number): number | null {
  return cancelDays === 0 ? null : now + cancelDays * DAY_MS;
}

function redeemedOf(
  { wallet, item, voucher }: Redeeming,
  account: AccountRecord,
  now: number,
  serial: number,
  waiting: boolean,
): Redeemed {
  return {
    item: item.code,
    points: item.points.toString(),
    available: availableOf(account.lots, now),
    voucher: waiting ? null : voucher,
    order: formatRef({ account: wallet.id, serial }),
    waiting,
  };
}
