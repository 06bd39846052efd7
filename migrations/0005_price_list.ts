import type { Knex } from 'knex';

/** Published price lists. A row is never changed: redemptions and quotes name the version they were made from. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table price_list (
      version      integer     generated always as identity primary key,
      content_hash bytea       not null,
      items        jsonb       not null,
      published_at timestamptz not null
    );
  `);
}
