import type { Knex } from 'knex';

/**
 * What subscribers are told: one notice for one business fact, how each channel did with it, and what each subscriber
 * wants to hear.
 *
 * A notice belongs to the wallet that the fact is about and is written in the fact's own commit where points moved. It
 * holds no number and no address: the person may be erased while the record stays.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(NOTICES);
  await knex.raw(SETTINGS);
}

const NOTICES = `
  create table notice (
    home        smallint    not null,
    account     bigint      not null,
    -- what happened, once: 'transfer 1f4', 'expiry 2026-12'
    fact        text        not null,
    template    text        not null,
    class       smallint    not null check (class between 0 and 2),
    variables   text        not null,
    trace       bytea       not null,
    created_at  timestamptz not null,
    -- not to be told before
    begins_at   timestamptz not null,
    state       smallint    not null default 0,
    -- when to look at it next: hold until, wait for a receipt until
    due_at      timestamptz not null,
    lease_owner integer,
    lease_until timestamptz,
    done_at     timestamptz,
    primary key (home, account, fact)
  ) with (fillfactor = 80);
  create index notice_due on notice (due_at) where state < 3;

  -- One row for each channel that was tried: at most one message of one fact on one channel.
  create table notice_attempt (
    home       smallint    not null,
    account    bigint      not null,
    fact       text        not null,
    channel    smallint    not null,
    state      smallint    not null,
    detail     text,
    outbox_id  bigint,
    tries      smallint    not null default 1,
    begun_at   timestamptz not null,
    ended_at   timestamptz,
    primary key (home, account, fact, channel)
  );
  create index notice_of_message on notice_attempt (home, outbox_id) where outbox_id is not null;
`;

const SETTINGS = `
  -- The exclusion list: what a subscriber does not want to get, by class and channel.
  create table notice_exclusion (
    subscriber bigint      not null references subscriber,
    class      smallint    not null check (class in (0, 2)),
    channel    smallint    not null,
    since      timestamptz not null,
    actor      text        not null,
    primary key (subscriber, class, channel)
  );

  create table notice_preference (
    subscriber bigint   primary key references subscriber,
    -- null: as the programme says
    digest     boolean,
    quiet_from smallint check (quiet_from between 0 and 1439),
    quiet_to   smallint check (quiet_to between 0 and 1439),
    constraint quiet_hours_have_two_ends check ((quiet_from is null) = (quiet_to is null))
  );

  -- The only place with an e-mail address; deleted when its subscriber is closed or erased.
  create table mail_address (
    subscriber bigint      primary key references subscriber,
    address    text        not null check (length(address) between 3 and 254),
    since      timestamptz not null
  );
`;
