import type { BalanceView, HistoryEntry } from '../channels/command.ts';
import { isSpendable, NEVER } from '../ledger/lots.ts';
import { TRANSFER_KIND } from '../ledger/records.ts';
import type { StatementLine, WalletView } from '../ledger/store.ts';
import { instant } from '../values/instant.ts';

/** A wallet in a subscriber's terms: what can be spent, what waits, what lapses when (bonus-core §3.2). */
export function balanceView(wallet: WalletView, now: number): BalanceView {
  let available = 0n;
  let pending = 0n;
  const lapsing = new Map<number, bigint>();
  for (const lot of wallet.lots) {
    if (lot.activeFrom > now && lot.expires > now) pending += lot.points;
    if (!isSpendable(lot, now)) continue;
    available += lot.points;
    if (lot.expires !== NEVER) lapsing.set(lot.expires, (lapsing.get(lot.expires) ?? 0n) + lot.points);
  }
  const expiring = [...lapsing]
    .sort(([a], [b]) => a - b)
    .map(([at, points]) => ({ points, at: instant(at) }));
  return { available, held: wallet.held, pending, debt: wallet.debt, expiring };
}

const KIND_NAMES: Readonly<Record<number, HistoryEntry['kind']>> = {
  [TRANSFER_KIND.earn]: 'earn',
  [TRANSFER_KIND.buy]: 'earn',
  [TRANSFER_KIND.spend]: 'spend',
  [TRANSFER_KIND.capture]: 'spend',
  [TRANSFER_KIND.fee]: 'spend',
  [TRANSFER_KIND.adjust]: 'adjust',
  [TRANSFER_KIND.debt]: 'adjust',
  [TRANSFER_KIND.expire]: 'expire',
  [TRANSFER_KIND.reverse]: 'reverse',
};

export function historyEntry(line: StatementLine): HistoryEntry {
  const moved = line.delta < 0n ? 'transfer_out' : 'transfer_in';
  const kind = line.kind === TRANSFER_KIND.transfer ? moved : (KIND_NAMES[line.kind] ?? 'adjust');
  return { at: instant(line.at.getTime()), kind, points: line.delta };
}
