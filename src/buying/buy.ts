import { localMonthNumber } from '../bonus/calendar.ts';
import { Refusal } from '../errors.ts';
import { countUse } from '../ledger/counters.ts';
import { creditable } from '../ledger/decide/moves.ts';
import { formatRef, type AccountKey } from '../ledger/keys.ts';
import { sagaKind, type SagaRecord } from '../ledger/kinds/saga.ts';
import { toWrite, type Operation } from '../ledger/operation.ts';

export const BUYING_SAGA = 'purchase_of_points';
/** Points bought in a month are counted under this number in the account. */
const BOUGHT_MONTHLY = 5;

export interface Buying {
  readonly wallet: AccountKey;
  readonly points: bigint;
  /** What it costs, in minor units. */
  readonly minor: bigint;
  readonly currency: string;
  readonly perMonth: bigint;
  readonly zone: string;
}

export interface Bought {
  readonly order: string;
  readonly points: bigint;
  readonly minor: bigint;
  readonly currency: string;
}

/** What the steps of a purchase pass on. */
export interface BuyingData {
  readonly points: string;
  readonly minor: string;
  readonly currency: string;
}

/**
 * Orders points for money: the limit and the saga in one commit. The money moves first, the points follow; a crash
 * between the two is resolved by asking billing again under the same key (bonus-core §3.3 Buy, §3.4.8).
 *
 * Refusals: `limit_exceeded`, `account_closed`, `account_unknown`.
 */
export function buy(buying: Buying): Pick<Operation, 'keys' | 'decide'> {
  const { wallet, points, minor, currency } = buying;
  return {
    keys: { accounts: [wallet] },
    decide: (view) => {
      const account = creditable(view.account(wallet.id));
      const month = localMonthNumber(view.now, buying.zone);
      const { counters, used } = countUse(account.counters, BOUGHT_MONTHLY, month, points);
      if (used.amount > buying.perMonth) {
        throw new Refusal('limit_exceeded', { limit: 'buy_monthly', amount: buying.perMonth });
      }
      const passed: BuyingData = { points: points.toString(), minor: minor.toString(), currency };
      const saga: SagaRecord = {
        home: wallet.home,
        account: wallet.id,
        serial: view.serial(),
        type: BUYING_SAGA,
        subject: null,
        step: 'charge',
        data: JSON.stringify(passed),
        attempts: 0,
        dueAt: view.now,
        createdAt: view.now,
      };
      const data: Bought = {
        order: formatRef({ account: wallet.id, serial: saga.serial }),
        points,
        minor,
        currency,
      };
      return { data, accounts: [{ ...account, counters }], records: [toWrite(sagaKind, saga)] };
    },
  };
}
