import type { Db } from '../storage/postgres.ts';
import { instant, type Instant } from '../values/instant.ts';
import type { PartnerKey } from './store.ts';

interface KeyRow {
  readonly id: string;
  readonly partner: number;
  readonly slot: number;
  readonly created_at: Date;
  readonly revoked_at: Date | null;
}

export async function listKeys(db: Db, partner?: number): Promise<PartnerKey[]> {
  const rows = await db.query<KeyRow>(
    `select id, partner, slot, created_at, revoked_at from partner_key
      where $1::integer is null or partner = $1 order by created_at, id`,
    [partner ?? null],
  );
  return rows.map(toKey);
}

export async function findKey(db: Db, id: string): Promise<PartnerKey | undefined> {
  const rows = await db.query<KeyRow>('select * from partner_key where id = $1', [id]);
  return rows[0] && toKey(rows[0]);
}

/** Takes the first free of the two slots; undefined when both are in use or the id was used before. */
export async function insertKey(
  db: Db,
  key: { readonly id: string; readonly partner: number; readonly by: string; readonly at: Instant },
): Promise<PartnerKey | undefined> {
  const rows = await db.query<KeyRow>(
    `insert into partner_key (id, partner, slot, created_by, created_at)
      select $1, $2, free.slot, $3, $4 from (
        select candidate.slot from unnest(array[1, 2]::smallint[]) candidate(slot)
          where not exists (select 1 from partner_key k
            where k.partner = $2 and k.slot = candidate.slot and k.revoked_at is null)
          order by candidate.slot limit 1) free
      on conflict do nothing returning *`,
    [key.id, key.partner, key.by, new Date(key.at)],
  );
  return rows[0] && toKey(rows[0]);
}

/** False when the partner has no such active key. */
export async function revokeKey(db: Db, partner: number, id: string, at: Instant): Promise<boolean> {
  const rows = await db.query(
    'update partner_key set revoked_at = $3 where partner = $1 and id = $2 and revoked_at is null returning id',
    [partner, id, new Date(at)],
  );
  return rows.length === 1;
}

function toKey(row: KeyRow): PartnerKey {
  return {
    id: row.id,
    partner: row.partner,
    createdAt: instant(row.created_at.getTime()),
    revokedAt: row.revoked_at === null ? undefined : instant(row.revoked_at.getTime()),
  };
}
