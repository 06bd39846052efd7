import { buy, type Bought } from '../buying/buy.ts';
import { priceOfPoints } from '../buying/price.ts';
import type { ItemName, OrderView, Quote, Result } from '../channels/command.ts';
import { assert, Refusal } from '../errors.ts';
import type { AccountKey } from '../ledger/keys.ts';
import { REDEMPTION_STATE, type RedemptionRecord } from '../ledger/records.ts';
import { findTransfer } from '../ledger/store.ts';
import { giveBack, type GivenBack } from '../redemptions/give-back.ts';
import { findRedemption, listRedemptions } from '../redemptions/store.ts';
import { instant } from '../values/instant.ts';
import type { PendingAction } from './pending-action.ts';
import type { PlannerDeps, Worked } from './plan.ts';

/** Orders as their member sees and numbers them, newest first. */
const ORDERS_SHOWN = 9;

type Action<Kind extends PendingAction['kind']> = Extract<PendingAction, { kind: Kind }>;
interface Quoted {
  readonly action: PendingAction;
  readonly quote: Quote;
}

export async function listOrders(deps: PlannerDeps, wallet: AccountKey, now: number): Promise<OrderView[]> {
  const orders = await listRedemptions(deps.pool, wallet, ORDERS_SHOWN);
  return Promise.all(
    orders.map(async (order, index) => ({
      number: index + 1,
      name: await nameOf(deps, order),
      points: order.points,
      at: instant(order.createdAt),
      state: STATE_NAMES[order.state] ?? 'failed',
      ...(isReturnable(order, now) && { cancelUntil: instant(order.cancelUntil!) }),
    })),
  );
}

const STATE_NAMES: Readonly<Record<number, OrderView['state']>> = {
  [REDEMPTION_STATE.held]: 'waiting',
  [REDEMPTION_STATE.fulfilled]: 'fulfilled',
  [REDEMPTION_STATE.cancelled]: 'cancelled',
  [REDEMPTION_STATE.compensated]: 'failed',
};

function isReturnable({ state, cancelUntil }: RedemptionRecord, now: number): boolean {
  return state === REDEMPTION_STATE.fulfilled && cancelUntil !== null && now < cancelUntil;
}

/** An item that is in no list any more is called by its code. */
async function nameOf(deps: PlannerDeps, { priceList, item }: RedemptionRecord): Promise<ItemName> {
  return (await deps.findItem(priceList, item))?.name ?? { en: item, ru: item };
}

/** @throws Refusal `order_unknown`, `order_not_cancellable` */
export async function quoteGiveBack(
  deps: PlannerDeps,
  wallet: AccountKey,
  number: number,
  now: number,
): Promise<Quoted> {
  const order = (await listRedemptions(deps.pool, wallet, ORDERS_SHOWN))[number - 1];
  if (order === undefined) throw new Refusal('order_unknown');
  if (!isReturnable(order, now)) throw new Refusal('order_not_cancellable', { why: 'late' });
  return {
    action: { kind: 'give_back', serial: order.serial, points: order.points.toString() },
    quote: { kind: 'give_back', name: await nameOf(deps, order), points: order.points },
  };
}

/** @throws Refusal `order_unknown` */
export async function workGiveBack(
  deps: PlannerDeps,
  action: Action<'give_back'>,
  wallet: AccountKey,
): Promise<Worked> {
  const redemption = await findRedemption(deps.pool, wallet, action.serial);
  if (redemption === undefined || redemption.transfer === null) throw new Refusal('order_unknown');
  const original = await findTransfer(deps.pool, wallet.home, redemption.transfer);
  assert(original !== undefined, 'a redemption names a transfer of its own home');
  const item = await deps.findItem(redemption.priceList, redemption.item);
  const name = await nameOf(deps, redemption);
  return {
    part: giveBack({ wallet, redemption, original, service: item?.provision }),
    toResult: (data): Result => {
      const { points, available } = data as GivenBack;
      return { kind: 'given_back', name, points, available };
    },
  };
}

/** @throws Refusal `buying_not_offered`, `limit_exceeded` */
export function quoteBuy(deps: PlannerDeps, points: bigint): Quoted {
  const { buying } = deps.programme();
  if (buying === undefined) throw new Refusal('buying_not_offered');
  if (points < buying.pointsMin) {
    throw new Refusal('limit_exceeded', { limit: 'buy_min', amount: buying.pointsMin });
  }
  if (points > buying.pointsMax) {
    throw new Refusal('limit_exceeded', { limit: 'buy_max', amount: buying.pointsMax });
  }
  const minor = priceOfPoints(buying, points);
  const { currency } = buying;
  return {
    action: { kind: 'buy', points: points.toString(), minor: minor.toString(), currency },
    quote: { kind: 'buy', points, price: { minor, currency } },
  };
}

/** @throws Refusal `price_changed` when it costs something else than what was agreed to */
export function workBuy(deps: PlannerDeps, action: Action<'buy'>, wallet: AccountKey): Worked {
  const points = BigInt(action.points);
  const { quote } = quoteBuy(deps, points) as { quote: Extract<Quote, { kind: 'buy' }> };
  const { minor, currency } = quote.price;
  if (minor !== BigInt(action.minor) || currency !== action.currency) {
    throw new Refusal('price_changed', { minor, currency });
  }
  const { buying, zone } = deps.programme();
  return {
    part: buy({ wallet, points, minor, currency, perMonth: buying!.perMonth, zone }),
    toResult: (data): Result => {
      const bought = data as Bought;
      return { kind: 'buying', points: bought.points, price: { minor: bought.minor, currency } };
    },
  };
}
