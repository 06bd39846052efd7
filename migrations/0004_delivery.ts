import type { Knex } from 'knex';

/**
 * What became of messages: parts that an SMSC took, and receipts.
 *
 * SMSCs use a message id again after days, and some give the same id to every message; so an id together with the
 * handset's number finds the latest message, and neither is unique.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table sms_part (
      smsc          text        not null,
      message_id    text        not null,
      home          smallint    not null,
      outbox_id     bigint      not null,
      part          smallint    not null,
      destination   text        not null,
      -- SMPP 3.4 section 5.2.28; null: no receipt yet
      message_state smallint    constraint message_state_is_of_smpp check (message_state between 1 and 8),
      error         text,
      sent_at       timestamptz not null,
      at            timestamptz,
      primary key (smsc, message_id, home, outbox_id, part)
    );
    create index sms_part_of_message on sms_part (home, outbox_id);

    -- A receipt may overtake the response that names its message; it waits here for a while.
    create table early_receipt (
      smsc          text        not null,
      message_id    text        not null,
      destination   text        not null,
      message_state smallint    not null,
      error         text,
      received_at   timestamptz not null,
      primary key (smsc, message_id, destination, message_state)
    );

    -- Replies must be found at once behind a million campaign messages that fell due earlier.
    create index outbox_due on outbox (priority, due_at) where state = 0;
    drop index outbox_open;
  `);
}
