import { SYSTEM, type AccountKey } from '../keys.ts';
import { totalOf } from '../lots.ts';
import type { Operation } from '../operation.ts';
import { ACCOUNT_STATUS } from '../records.ts';
import { transferOf } from './moves.ts';

/**
 * Ends a wallet: what is left goes to breakage and nothing comes in or goes out again. Held points stay with their
 * holds, which end by themselves. Closing a closed wallet changes nothing.
 */
export function closeWallet(wallet: AccountKey, reason: string): Pick<Operation, 'keys' | 'decide'> {
  return {
    keys: { accounts: [wallet] },
    decide: (view) => {
      const account = view.account(wallet.id);
      const points = totalOf(account.lots);
      const after = {
        ...account,
        status: ACCOUNT_STATUS.closed,
        lots: [],
        balance: account.balance - points,
      };
      if (points === 0n) return { data: { points }, accounts: [after] };
      const transfer = transferOf(view, {
        kind: 'expire',
        src: wallet.id,
        dst: SYSTEM.breakage,
        amount: points,
        slices: account.lots,
        reason,
      });
      return { data: { points }, accounts: [after], transfers: [transfer] };
    },
  };
}
