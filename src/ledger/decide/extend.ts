import { expiryChangeKind } from '../kinds/expiry-change.ts';
import type { AccountKey } from '../keys.ts';
import { putAll, type Lot } from '../lots.ts';
import { toWrite, type Operation, type RecordWrite, type View } from '../operation.ts';
import type { AccountRecord } from '../records.ts';
import { rankOf } from './moves.ts';

export interface Extending {
  readonly wallet: AccountKey;
  /** Which points: those that lapse at one of these instants, lapsed already or not. */
  isMeant(lot: Lot, now: number): boolean;
  /** Their new expiry; points that would live longer as they are stay so. */
  readonly to: number;
  readonly reason: string;
  readonly actor: string;
}

export interface Extended {
  readonly points: bigint;
}

/**
 * Lets points live longer, never shorter. Points that have lapsed and were not booked yet live again: nothing has
 * happened to them but time (bonus-core §3.3, ExtendExpiry).
 *
 * Refusals: `account_unknown`.
 */
export function extendExpiry(extending: Extending): Pick<Operation, 'keys' | 'decide'> {
  const { wallet, to, reason, actor } = extending;
  return {
    keys: { accounts: [wallet] },
    decide: (view) => {
      const account = view.account(wallet.id);
      const meant = account.lots.filter((lot) => lot.expires < to && extending.isMeant(lot, view.now));
      const data: Extended = { points: meant.reduce((sum, { points }) => sum + points, 0n) };
      if (meant.length === 0) return { data };
      const records = meant.map((lot): RecordWrite =>
        toWrite(expiryChangeKind, {
          ...{ home: wallet.home, account: wallet.id, serial: view.serial() },
          ...{ oldAt: lot.expires, newAt: to, points: lot.points, reason, actor, createdAt: view.now },
        }),
      );
      return { data, accounts: [longer(view, account, meant, to)], records };
    },
  };
}

/** The account with those lots lapsing at `to`, in the order in which they are spent. */
export function longer(view: View, account: AccountRecord, meant: readonly Lot[], to: number): AccountRecord {
  const kept = account.lots.filter((lot) => !meant.includes(lot));
  const extended = meant.map((lot) => ({ ...lot, expires: to }));
  return { ...account, lots: putAll(kept, extended, rankOf(view), view.now) };
}
