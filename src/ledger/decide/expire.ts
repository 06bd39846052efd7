import { SYSTEM, type AccountKey } from '../keys.ts';
import { availableOf, totalOf, type Lot } from '../lots.ts';
import type { Operation } from '../operation.ts';
import { transferOf } from './moves.ts';

export interface Expired {
  readonly points: bigint;
  readonly available: bigint;
}

/**
 * Moves lapsed points to breakage. They were unspendable since the instant they lapsed; this only books it, and
 * computes what is left under the lock (bonus-core §3.2, §3.4.1). Nothing lapsed is nothing done. `mayLapse` keeps
 * points back whose owner was promised a warning.
 */
export function expire(
  wallet: AccountKey,
  mayLapse: (lot: Lot) => boolean = () => true,
): Pick<Operation, 'keys' | 'decide'> {
  return {
    keys: { accounts: [wallet] },
    decide: (view) => {
      const account = view.account(wallet.id);
      const lapsed = account.lots.filter((lot) => lot.expires <= view.now && mayLapse(lot));
      const points = totalOf(lapsed);
      const lots = account.lots.filter((lot) => !lapsed.includes(lot));
      const data: Expired = { points, available: availableOf(lots, view.now) };
      if (points === 0n) return { data };
      const transfer = transferOf(view, {
        kind: 'expire',
        src: wallet.id,
        dst: SYSTEM.breakage,
        amount: points,
        slices: lapsed,
      });
      return {
        data,
        accounts: [{ ...account, lots, balance: account.balance - points }],
        transfers: [transfer],
      };
    },
  };
}
