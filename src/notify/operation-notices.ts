import { ownerOf } from '../ledger/keys.ts';
import { availableOf } from '../ledger/lots.ts';
import type { Decision, NoticeDraft } from '../ledger/operation.ts';
import {
  ACCOUNT_STATUS,
  ROLE,
  TRANSFER_KIND,
  type AccountRecord,
  type TransferKind,
  type TransferRecord,
} from '../ledger/records.ts';
import { notice } from './notice.ts';

/** Movements of points that are told by themselves. */
export const TOLD_OPERATIONS = [
  'earn',
  'redeem',
  'transferOut',
  'transferIn',
  'adjust',
  'reverse',
  'buy',
  'expire',
] as const;
type ToldOperation = (typeof TOLD_OPERATIONS)[number];

/** Whether a movement is told, and from how many points on. */
export interface OperationRule {
  readonly send: boolean;
  readonly pointsMin: bigint;
}
export type OperationRules = Readonly<Record<ToldOperation, OperationRule>>;

type MovementTemplate =
  | 'earned'
  | 'redeemed'
  | 'transferred_in'
  | 'transferred_out'
  | 'adjusted_up'
  | 'adjusted_down'
  | 'returned'
  | 'taken_back'
  | 'bought'
  | 'expired';
type Wording = readonly [ToldOperation, MovementTemplate];

/** What a wallet's owner is told when points of this kind come in or go out. */
const TOLD: Partial<Record<TransferKind, { readonly in?: Wording; readonly out?: Wording }>> = {
  earn: { in: ['earn', 'earned'] },
  spend: { out: ['redeem', 'redeemed'] },
  capture: { out: ['redeem', 'redeemed'] },
  transfer: { in: ['transferIn', 'transferred_in'], out: ['transferOut', 'transferred_out'] },
  adjust: { in: ['adjust', 'adjusted_up'], out: ['adjust', 'adjusted_down'] },
  reverse: { in: ['reverse', 'returned'], out: ['reverse', 'taken_back'] },
  buy: { in: ['buy', 'bought'] },
  expire: { out: ['expire', 'expired'] },
};
const KINDS = new Map<number, TransferKind>(
  Object.entries(TRANSFER_KIND).map(([name, number]) => [number, name as TransferKind]),
);

interface Sum {
  readonly wording: Wording;
  readonly account: AccountRecord;
  readonly transfer: number;
  points: bigint;
}

/**
 * What the owners of wallets are told of the movements in a decision, one notice for each wallet and wording. Pure:
 * the ledger calls it while it decides, so that every operation is told, whichever module made it.
 */
export function operationNotices(rules: () => OperationRules) {
  return (decision: Decision, now: number): NoticeDraft[] => {
    const sums = new Map<string, Sum>();
    for (const transfer of decision.transfers ?? []) addUp(sums, decision, transfer);
    return [...sums.values()]
      .filter(({ wording: [operation], points }) => {
        const { send, pointsMin } = rules()[operation];
        return send && points >= pointsMin;
      })
      .map((sum) => draftOf(sum, now));
  };
}

function addUp(sums: Map<string, Sum>, decision: Decision, transfer: TransferRecord): void {
  const told = TOLD[KINDS.get(transfer.kind)!];
  for (const [id, wording] of [
    [transfer.src, told?.out],
    [transfer.dst, told?.in],
  ] as const) {
    const account = wording && decision.accounts?.find((row) => row.id === id);
    if (account?.role !== ROLE.wallet || account.status === ACCOUNT_STATUS.closed) continue;
    const key = `${String(id)} ${wording![1]}`;
    const sum = sums.get(key) ?? { wording: wording!, account, transfer: transfer.id, points: 0n };
    sum.points += transfer.amount;
    sums.set(key, sum);
  }
}

function draftOf({ wording, account, transfer, points }: Sum, now: number): NoticeDraft {
  return notice({
    subscriber: ownerOf(account.id),
    fact: `transfer ${transfer.toString(36)}`,
    template: wording[1],
    variables: { points, available: availableOf(account.lots, now) },
  });
}
