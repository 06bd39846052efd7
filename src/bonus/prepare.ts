import { Refusal } from '../errors.ts';
import { debitable } from '../ledger/decide/moves.ts';
import type { AccountKey } from '../ledger/keys.ts';
import { availableOf } from '../ledger/lots.ts';
import type { Operation } from '../ledger/operation.ts';
import { PENDING_STATE, type PendingRecord } from '../ledger/records.ts';
import { encodeAction, type PendingAction } from './pending-action.ts';

export interface Preparing {
  readonly wallet: AccountKey;
  /** 16 octets, chosen by the caller; becomes the request key of the confirmation. */
  readonly pendingId: Buffer;
  readonly codeHash: Buffer | null;
  readonly action: PendingAction;
  readonly ttlMs: number;
}

/**
 * Step one of two: stores what was quoted. Nothing is reserved; the second step judges again.
 *
 * Refusals: `points_insufficient`, `account_frozen`, `account_closed`, `account_unknown`.
 */
export function prepare(preparing: Preparing): Pick<Operation, 'keys' | 'decide'> {
  const { wallet, action } = preparing;
  const wanted = pointsNeeded(action);
  return {
    keys: { accounts: [wallet], pendings: [{ home: wallet.home, id: preparing.pendingId }] },
    decide: (view) => {
      const available = availableOf(debitable(view.account(wallet.id)).lots, view.now);
      if (available < wanted) throw new Refusal('points_insufficient', { available, wanted });
      const pending: PendingRecord = {
        home: wallet.home,
        id: preparing.pendingId,
        account: wallet.id,
        codeHash: preparing.codeHash,
        command: encodeAction(action),
        state: PENDING_STATE.open,
        attempts: 0,
        expiresAt: view.now + preparing.ttlMs,
      };
      return { data: { pendingId: preparing.pendingId.toString('hex') }, pendings: [pending] };
    },
  };
}

/** What must be there for the second step to make sense. */
function pointsNeeded(action: PendingAction): bigint {
  switch (action.kind) {
    case 'transfer':
      return BigInt(action.points) + BigInt(action.fee);
    case 'redeem':
      return BigInt(action.points);
    case 'give_back':
    case 'buy':
      return 0n;
  }
}
