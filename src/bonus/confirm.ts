import { Refusal } from '../errors.ts';
import type { AccountKey } from '../ledger/keys.ts';
import type { Decision, Operation, View } from '../ledger/operation.ts';
import { PENDING_STATE, type PendingRecord } from '../ledger/records.ts';

/** Wrong codes after which what waits is given up: a guess has three chances in ten thousand. */
export const CODE_ATTEMPTS_MAX = 3;

/**
 * Step two of two: carries out what was prepared, under the request key of the pending record, so that a
 * confirmation repeated on any channel is answered from the store.
 *
 * Refusals: `confirmation_not_pending` (too late, cancelled or never asked for), and those of the action.
 */
export function confirm(
  wallet: AccountKey,
  pendingId: Buffer,
  action: Pick<Operation, 'keys' | 'decide'>,
): Pick<Operation, 'keys' | 'decide'> {
  const key = { home: wallet.home, id: pendingId };
  return {
    keys: { ...action.keys, pendings: [key] },
    decide: (view) => {
      const pending = getOpen(view, view.findPending(key));
      const decision = action.decide(view);
      return { ...decision, pendings: [{ ...pending, state: PENDING_STATE.executed }] };
    },
  };
}

/** A code that fits nothing: counted on everything that waits for one. Always refused. */
export function wrongCode(
  wallet: AccountKey,
  pendingIds: readonly Buffer[],
): Pick<Operation, 'keys' | 'decide'> {
  const keys = pendingIds.map((id) => ({ home: wallet.home, id }));
  return {
    keys: { accounts: [wallet], pendings: keys },
    decide: (view): Decision => {
      const open = keys
        .map((key) => view.findPending(key))
        .filter((pending) => pending?.state === PENDING_STATE.open && pending.expiresAt > view.now)
        .map((pending) => counted(pending!));
      if (open.length === 0) throw new Refusal('confirmation_not_pending');
      const left = Math.max(0, ...open.map((pending) => CODE_ATTEMPTS_MAX - pending.attempts));
      return {
        data: null,
        pendings: open,
        refused: { kind: 'refused', code: 'confirmation_code_wrong', detail: { attemptsLeft: left } },
      };
    },
  };
}

function counted(pending: PendingRecord): PendingRecord {
  const attempts = pending.attempts + 1;
  const state = attempts >= CODE_ATTEMPTS_MAX ? PENDING_STATE.cancelled : pending.state;
  return { ...pending, attempts, state };
}

/** Gives up everything that waits. Nothing waiting is nothing to give up: done all the same. */
export function cancelAll(
  wallet: AccountKey,
  pendingIds: readonly Buffer[],
): Pick<Operation, 'keys' | 'decide'> {
  const keys = pendingIds.map((id) => ({ home: wallet.home, id }));
  return {
    keys: { accounts: [wallet], pendings: keys },
    decide: (view) => ({
      data: null,
      pendings: keys
        .map((key) => view.findPending(key))
        .filter((pending) => pending?.state === PENDING_STATE.open)
        .map((pending) => ({ ...pending!, state: PENDING_STATE.cancelled })),
    }),
  };
}

function getOpen(view: View, pending: PendingRecord | undefined): PendingRecord {
  if (pending?.state !== PENDING_STATE.open || pending.expiresAt <= view.now) {
    throw new Refusal('confirmation_not_pending');
  }
  return pending;
}
