import type { Db } from '../storage/postgres.ts';

/** The last day whose birthdays have all been told, as days since 1970; undefined before the first. */
export async function findLastBirthdayDay(db: Db): Promise<number | undefined> {
  const rows = await db.query<{ day: number | null }>(
    `select max(day) - date '1970-01-01' as day from birthday_day`,
  );
  return rows[0]?.day ?? undefined;
}

export async function insertBirthdayDay(db: Db, day: number, now: number): Promise<void> {
  await db.query(
    `insert into birthday_day (day, done_at) values (date '1970-01-01' + $1::int, $2) on conflict do nothing`,
    [day, new Date(now)],
  );
}
