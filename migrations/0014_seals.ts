import type { Knex } from 'knex';

/**
 * Seals over the journal, and what the sealer reads it by: the transaction that wrote each row.
 *
 * Ids and times are not commit order, transaction ids below the oldest running one are. The column is filled by its
 * default, so no writer knows of it; rows that were there before all carry the id of this migration.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table transfer add column if not exists xid xid8 not null default pg_current_xact_id();
    alter table posting add column if not exists xid xid8 not null default pg_current_xact_id();
    create index transfer_by_xid on transfer (xid);
    create index posting_by_xid on posting (xid);

    -- One Merkle tree over the rows between the last place of the seal before and its own last place.
    create table ledger_seal (
      batch       bigint primary key check (batch > 0),
      xid         xid8     not null,
      kind        smallint not null,
      home        smallint not null,
      account     bigint   not null,
      transfer    bigint   not null,
      rows        integer  not null check (rows > 0),
      root        bytea    not null check (octet_length(root) = 32),
      prev_root   bytea    not null check (octet_length(prev_root) = 32),
      chain       bytea    not null check (octet_length(chain) = 32),
      -- where each row was and the first octets of its hash: says which row is not as it was
      places      bytea    not null,
      sealed_at   timestamptz not null
    );
    -- Hashes do not compress.
    alter table ledger_seal alter column places set storage external;
  `);
}
