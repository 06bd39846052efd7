import type { Knex } from 'knex';

/**
 * Finds the oldest rows of tables that the retention job shortens.
 *
 * Block ranges, because these tables grow at their end by time: such an index is a few pages large and costs an insert
 * next to nothing, where a tree would be one more page to write for each row.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index request_by_age on request using brin (at) with (pages_per_range = 32, autosummarize = on);
    create index mo_by_age on mo using brin (received_at) with (pages_per_range = 32, autosummarize = on);
    create index pending_by_age on pending using brin (expires_at) with (pages_per_range = 32, autosummarize = on);
    create index outbox_by_age on outbox using brin (created_at) with (pages_per_range = 32, autosummarize = on);
    create index sms_part_by_age on sms_part using brin (sent_at) with (pages_per_range = 32, autosummarize = on);
  `);
}
