import { formatRef, SYSTEM, type AccountKey, type SystemAccount } from '../keys.ts';
import { availableOf } from '../lots.ts';
import type { Operation } from '../operation.ts';
import type { TransferKind } from '../records.ts';
import { correctable, debit, debitable, transferOf } from './moves.ts';

export interface Spending {
  readonly from: AccountKey;
  readonly points: bigint;
  readonly to: SystemAccount;
  readonly kind: Extract<TransferKind, 'spend' | 'adjust' | 'fee'>;
  readonly reason?: string;
}

export interface Spent {
  readonly points: bigint;
  readonly available: bigint;
  readonly transfer: string;
}

/**
 * Takes points: wallet -> redeemed, soonest expiry first.
 *
 * Refusals: `points_insufficient`, `account_frozen`, `account_closed`, `account_unknown`; `subscriber_suspended` for what
 * is not taken by hand.
 */
export function spend(spending: Spending): Pick<Operation, 'keys' | 'decide'> {
  return {
    keys: { accounts: [spending.from] },
    decide: (view) => {
      const owner = view.account(spending.from.id);
      const payer = spending.kind === 'adjust' ? correctable(owner) : debitable(owner);
      const { account, slices } = debit(view, payer, spending.points);
      const transfer = transferOf(view, {
        kind: spending.kind,
        src: spending.from.id,
        dst: SYSTEM[spending.to],
        amount: spending.points,
        slices,
        ...(spending.reason !== undefined && { reason: spending.reason }),
      });
      const data: Spent = {
        points: spending.points,
        available: availableOf(account.lots, view.now),
        transfer: formatRef({ account: spending.from.id, serial: transfer.id }),
      };
      return { data, accounts: [account], transfers: [transfer] };
    },
  };
}
