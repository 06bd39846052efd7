import type { Knex } from 'knex';

/**
 * Expiry by the member's own calendar, and what was done to the expiry of points by hand.
 *
 * `opened_at` lies beside the lots, because the anniversary that points lapse on is decided under the wallet's lock.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table account add column opened_at timestamptz not null default now();
    update account a set opened_at = s.registered_at, version = a.version + 1
      from subscriber s where a.id = s.id * 16 and a.role = 1;

    -- Points live longer: by staff, or because their owner was not warned. Never shorter.
    create table expiry_change (
      home       smallint    not null,
      account    bigint      not null,
      serial     bigint      not null,
      old_at     timestamptz not null,
      new_at     timestamptz not null,
      points     bigint      not null check (points > 0),
      reason     text        not null,
      actor      text        not null,
      created_at timestamptz not null,
      primary key (home, account, serial),
      constraint points_never_live_shorter check (new_at > old_at)
    );
  `);
}
