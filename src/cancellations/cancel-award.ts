import { assert } from '../errors.ts';
import { reverse, type Original, type Reversed } from '../ledger/decide/reverse.ts';
import { awardKind, type AwardRecord } from '../ledger/kinds/award.ts';
import { keyOf } from '../ledger/keys.ts';
import { ACCOUNT_STATUS } from '../ledger/records.ts';
import { toRead, toWrite, type Operation } from '../ledger/operation.ts';

export interface AwardCancelled {
  /** Taken back now: nothing when the award was cancelled before. */
  readonly points: bigint;
  /** Of these what the member had spent already, and owes now. */
  readonly debt: bigint;
}

/**
 * Takes an award back: from the lots it came in, then from others of the same issuer; what was spent becomes debt,
 * never a negative balance (bonus-core §3.4.5). The record remembers how much was taken back, so doing it again does
 * nothing.
 */
export function cancelAward(
  award: AwardRecord,
  original: Original,
  reason: string,
): Pick<Operation, 'keys' | 'decide'> {
  return {
    keys: {
      accounts: [keyOf(award.account)],
      reversals: [{ home: original.home, transfer: original.id }],
      records: [toRead(awardKind, award)],
    },
    decide: (view) => {
      const present = view.find(awardKind, award);
      assert(present !== undefined, 'an award that was found stays');
      const nothing: AwardCancelled = { points: 0n, debt: 0n };
      // What was in a closed wallet has gone its way; nobody is there to owe it.
      if (view.account(award.account).status === ACCOUNT_STATUS.closed) return { data: nothing };
      const done = toWrite(awardKind, { ...present, cancelled: present.points });
      const points = leftOf(
        present,
        original,
        view.reversedOf({ home: original.home, transfer: original.id }),
      );
      if (points === 0n) return { data: nothing, records: [done] };
      const reversal = reverse({ original, points, reason, lapsed: 'forfeit' }).decide(view);
      const data: AwardCancelled = { points, debt: (reversal.data as Reversed).debt };
      return { ...reversal, data, records: [...(reversal.records ?? []), done] };
    },
  };
}

/** Of the award not yet taken back, by a cancellation or because what it was given for was undone. */
function leftOf({ points, cancelled }: AwardRecord, { amount }: Original, reversed: bigint): bigint {
  const left = amount - reversed;
  return points - cancelled < left ? points - cancelled : left;
}
