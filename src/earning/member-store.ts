import { unpackCarry, unpackCounters } from '../ledger/counters.ts';
import type { AccountKey } from '../ledger/keys.ts';
import type { Db } from '../storage/postgres.ts';
import type { Language } from '../values/language.ts';
import type { EventMember } from './event.ts';
import type { EarningState } from './plan.ts';

/** What a dry run needs of a wallet, read without a lock. */
export async function findEarningState(db: Db, { home, id }: AccountKey): Promise<EarningState | undefined> {
  const rows = await db.query<{ tier: number; counters: Buffer; carry: Buffer }>(
    'select tier, counters, carry from account where home = $1 and id = $2',
    [home, id],
  );
  const row = rows[0];
  return row && { tier: row.tier, counters: unpackCounters(row.counters), carry: unpackCarry(row.carry) };
}

const MEMBER = 'id, registered_at as "registeredAt", language';

interface MemberRow {
  readonly id: bigint;
  readonly registeredAt: Date;
  readonly language: Language;
}

export async function listMembers(db: Db, ids: readonly bigint[]): Promise<EventMember[]> {
  const rows = await db.query<MemberRow>(`select ${MEMBER} from subscriber where id = any ($1::bigint[])`, [
    ids,
  ]);
  return rows.map(toMember);
}

/** Members who were registered by then and have not left, by id behind `after`. */
export async function listMembersPage(
  db: Db,
  after: bigint,
  registeredBefore: number,
  limit: number,
): Promise<EventMember[]> {
  const rows = await db.query<MemberRow>(
    `select ${MEMBER} from subscriber where id > $1 and registered_at < $2 and status <> 'terminated'
      order by id limit $3`,
    [after, new Date(registeredBefore), limit],
  );
  return rows.map(toMember);
}

/** Members whose birthday, as told last by then, is one of these days, by id behind `after`. */
export async function listBirthdays(
  db: Db,
  monthDays: readonly string[],
  asOf: number,
  after: bigint,
  limit: number,
): Promise<EventMember[]> {
  const rows = await db.query<MemberRow>(
    `select ${MEMBER} from subscriber s
      where id > $1 and status = 'active' and exists (select 1 from parameter_value p
          where p.subscriber = s.id and p.code = 'birthday' and p.value = any ($2::text[]) and p.as_of <= $3
            and not exists (select 1 from parameter_value later
              where later.subscriber = p.subscriber and later.code = p.code and later.as_of <= $3
                and later.as_of > p.as_of))
      order by id limit $4`,
    [after, monthDays, new Date(asOf), limit],
  );
  return rows.map(toMember);
}

function toMember({ id, registeredAt, language }: MemberRow): EventMember {
  return { id, registeredAt: registeredAt.getTime(), language };
}
