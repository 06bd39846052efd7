import type { AccountKey } from '../ledger/keys.ts';
import { NOTICE_STATE } from '../notify/plan.ts';
import type { Db } from '../storage/postgres.ts';

/** The business fact that points lapse at that moment, once for each wallet and moment. */
export function expiryFact(expires: number): string {
  return `expiry ${new Date(expires).toISOString()}`;
}

/** The warning reached a handset or mailbox, or its owner does not want any. */
const WARNED = [NOTICE_STATE.delivered, NOTICE_STATE.excluded];

export interface Lapsing {
  readonly key: AccountKey;
  readonly expires: number;
}

/** Of which of these their owner was warned. */
export async function listWarned(db: Db, lapsing: readonly Lapsing[]): Promise<Lapsing[]> {
  if (lapsing.length === 0) return [];
  const rows = await db.query<{ nth: bigint }>(
    `select u.nth from unnest($1::smallint[], $2::bigint[], $3::text[]) with ordinality u(home, account, fact, nth)
      join notice n on n.home = u.home and n.account = u.account and n.fact = u.fact
      where n.state = any($4::smallint[])`,
    [
      lapsing.map(({ key }) => key.home),
      lapsing.map(({ key }) => key.id),
      lapsing.map(({ expires }) => expiryFact(expires)),
      WARNED,
    ],
  );
  return rows.map(({ nth }) => lapsing[Number(nth) - 1]!);
}
