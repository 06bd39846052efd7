import type { Knex } from 'knex';

/**
 * Which Redis the daemons of this database use.
 *
 * A daemon that was pointed at another Redis by mistake would see none of the others' dialogues and limits; it compares
 * this identity with the one written in its Redis and refuses to start.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table ephemeral_store (
      only_one boolean primary key constraint one_row_only check (only_one),
      identity text    not null
    );
  `);
}
