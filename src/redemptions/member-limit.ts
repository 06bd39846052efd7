import { localDayNumber, localMonthNumber } from '../bonus/calendar.ts';
import { Refusal } from '../errors.ts';
import { countUse } from '../ledger/counters.ts';
import type { AccountRecord } from '../ledger/records.ts';
import type { MemberLimit, PricedItem } from '../price-list/price-list.ts';

/** Limits of items are counted under 200 + their number, below those of earning rules. */
const POLICY_BASE = 200;

/**
 * Counts one more of the item for this member, under the account's lock.
 *
 * @throws Refusal `limit_exceeded` with `count`
 */
export function countForMember(
  account: AccountRecord,
  { perMember }: Pick<PricedItem, 'perMember'>,
  now: number,
  zone: string,
): AccountRecord {
  if (perMember === undefined) return account;
  const windowStart = windowOf(perMember, now, zone);
  const { counters, used } = countUse(account.counters, POLICY_BASE + perMember.id, windowStart, 1n);
  if (used.count > perMember.count) {
    throw new Refusal('limit_exceeded', {
      limit: `item_${perMember.window}`,
      count: perMember.count,
      amount: perMember.count,
    });
  }
  return { ...account, counters };
}

function windowOf({ window }: MemberLimit, now: number, zone: string): number {
  if (window === 'ever') return 0;
  return window === 'day' ? localDayNumber(now, zone) : localMonthNumber(now, zone);
}
