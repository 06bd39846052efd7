import type { Knex } from 'knex';

/** Redemptions that take several steps and may be given back; price lists with dated prices. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table redemption
      alter column transfer drop not null,
      add column hold         bigint,
      add column benefit      bigint,
      add column stock_part   bigint,
      add column cancel_until timestamptz;

    update price_list set items = (
      select jsonb_agg(
        (item - 'points') || jsonb_build_object(
          'kind', 'service', 'cancelDays', 0,
          'prices', jsonb_build_array(jsonb_build_object('points', item ->> 'points')))
        order by place)
      from jsonb_array_elements(items) with ordinality as listed(item, place)
    ) where items -> 0 -> 'prices' is null;
  `);
}
