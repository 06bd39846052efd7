import { HOLD_STATE, TRANSFER_KIND, type AccountRecord } from '../records.ts';
import type { Decision, View } from '../operation.ts';
import { longer } from './extend.ts';

const { earn, spend, capture, transfer, buy } = TRANSFER_KIND;
const ACTIVE: readonly number[] = [earn, spend, capture, transfer, buy];

/**
 * Where points lapse after a time without activity, whatever a member does with points lets all of theirs live on
 * until `to` (bonus-core, R6). What others do for them, and what happens by itself, does not.
 */
export function afterActivity(view: View, decision: Decision, to: number): Decision {
  const active = new Set<number>();
  for (const { kind, src, dst } of decision.transfers ?? []) {
    if (ACTIVE.includes(kind)) active.add(src > 0 ? src : dst);
  }
  const placed = (decision.holds ?? []).filter(({ state }) => state === HOLD_STATE.active);
  for (const { account } of placed) active.add(account);
  if (active.size === 0) return decision;
  const lives = (lot: { readonly expires: number }): boolean => lot.expires > view.now && lot.expires < to;
  const renewed = (account: AccountRecord): AccountRecord =>
    active.has(account.id) ? longer(view, account, account.lots.filter(lives), to) : account;
  return {
    ...decision,
    accounts: (decision.accounts ?? []).map(renewed),
    holds: (decision.holds ?? []).map((hold) =>
      hold.state === HOLD_STATE.active
        ? { ...hold, slices: hold.slices.map((slice) => (lives(slice) ? { ...slice, expires: to } : slice)) }
        : hold,
    ),
  };
}
