import { poolPart, POOL_PARTS, SYSTEM } from '../keys.ts';
import type { Operation } from '../operation.ts';
import { transferOf } from './moves.ts';

/** Puts pieces or points into a pool, spread over its parts so that they are seldom fought for. */
export function fillPool(
  pool: number,
  amount: bigint,
  { source = SYSTEM.stock, reason }: { readonly source?: number; readonly reason?: string } = {},
): Pick<Operation, 'keys' | 'decide'> {
  const share = amount / BigInt(POOL_PARTS);
  const rest = amount - share * BigInt(POOL_PARTS);
  const parts = Array.from({ length: POOL_PARTS }, (_, part) => ({
    key: poolPart(pool, part),
    amount: part < Number(rest) ? share + 1n : share,
  })).filter((part) => part.amount > 0n);
  return {
    keys: { accounts: parts.map((part) => part.key) },
    decide: (view) => ({
      data: { amount },
      accounts: parts.map((part) => {
        const account = view.account(part.key.id);
        return { ...account, balance: account.balance + part.amount };
      }),
      transfers: parts.map((part) =>
        transferOf(view, {
          kind: 'pool',
          src: source,
          dst: part.key.id,
          amount: part.amount,
          slices: [],
          ...(reason !== undefined && { reason }),
        }),
      ),
    }),
  };
}
