import type { Knex } from 'knex';

/**
 * Lets the retention job summarise the block ranges it reads by, instead of the inserts.
 *
 * `autosummarize` queues one request for each full range. The queue holds 256 of them and is emptied once a minute, so a
 * ledger under load fills it in seconds; from then on the server logs every further range together with the statement
 * that wrote it. Only the owner of a table may summarise, hence a function of the owner's. It waits for nobody: a
 * vacuum that holds the table summarises it as well.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter index request_by_age set (autosummarize = off);
    alter index mo_by_age set (autosummarize = off);
    alter index pending_by_age set (autosummarize = off);
    alter index outbox_by_age set (autosummarize = off);
    alter index sms_part_by_age set (autosummarize = off);

    -- Nothing reads by it: the journal is read by the trees over the same column.
    drop index transfer_committed;

    create function summarize_ages() returns void
      language plpgsql security definer set search_path from current set lock_timeout = '100ms' as $$
    declare
      -- of tables that grow at their end
      index_name text;
    begin
      foreach index_name in array
        array['request_by_age', 'mo_by_age', 'pending_by_age', 'outbox_by_age', 'sms_part_by_age', 'transfer_posted']
      loop
        begin
          perform brin_summarize_new_values(index_name::regclass);
        exception when lock_not_available then null;
        end;
      end loop;
    end $$;
  `);
}
