import type { Knex } from 'knex';

/** Emergency brakes. The latest row of each is its state; who pulled or released it, and why, is never changed. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table brake_event (
      id      bigint      generated always as identity primary key,
      brake   text        not null,
      engaged boolean     not null,
      reason  text        not null,
      actor   text        not null,
      at      timestamptz not null
    );
    create index brake_latest on brake_event (brake, id);
  `);
}
