import type { Knex } from 'knex';

/**
 * Who subscribers are, which number each one had when, and who may call the HTTP API.
 *
 * The identity is `subscriber.id`; a number is borrowed for a while. Only `number` holds an MSISDN: lifecycle events
 * refer to rows of it, so that a person can be erased while the journal stays whole.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(SUBSCRIBERS);
  await knex.raw(EVENTS);
  await knex.raw(TOKENS);
}

const SUBSCRIBERS = `
  create sequence subscriber_id;

  create table subscriber (
    id               bigint      primary key default nextval('subscriber_id'),
    language         text        not null constraint language_is_two_letters check (language ~ '^[a-z]{2}$'),
    zone             text        not null,
    status           text        not null constraint status_is_known check (status in ('active', 'suspended', 'terminated')),
    pin_verifier     bytea       constraint pin_verifier_is_a_mac check (octet_length(pin_verifier) = 32),
    pin_failures     smallint    not null default 0,
    pin_locked_until timestamptz,
    registered_at    timestamptz not null,
    closed_at        timestamptz,
    constraint terminated_means_closed check ((status = 'terminated') = (closed_at is not null))
  ) with (fillfactor = 80);

  create table number (
    id         bigint      generated always as identity primary key,
    msisdn     text        not null constraint msisdn_is_e164 check (msisdn ~ '^[1-9][0-9]{6,14}$'),
    subscriber bigint      not null references subscriber,
    valid_from timestamptz not null,
    valid_to   timestamptz,
    constraint number_begins_before_it_ends check (valid_to >= valid_from)
  );
  -- Made before the exclusion constraint on purpose: a plain unique index makes a second taker wait for the first,
  -- while two takers meeting in an exclusion constraint may deadlock.
  create unique index number_has_one_owner_now on number (msisdn) where valid_to is null;
  create unique index subscriber_has_one_number_now on number (subscriber) where valid_to is null;
  create index number_by_msisdn on number (msisdn, valid_from);
  create index number_by_subscriber on number (subscriber, valid_from);
  -- The number as a one-element range: ranges have a built-in GiST class, so no extension has to be installed.
  alter table number add constraint number_has_one_owner_at_any_instant exclude using gist (
    int8range(msisdn::bigint, msisdn::bigint, '[]') with &&,
    tstzrange(valid_from, valid_to) with &&
  );

  -- Wrong PINs of everybody in the current window: one guess on each of many numbers trips it.
  create table pin_breaker (
    only_row    boolean     primary key default true check (only_row),
    window_ends timestamptz not null,
    failures    integer     not null
  );
`;

const EVENTS = `
  create table subscriber_event (
    serial       bigint      generated always as identity,
    id           text        primary key,
    subscriber   bigint      not null references subscriber,
    -- who has the number after a change of owner
    heir         bigint      references subscriber,
    kind         text        not null,
    at           timestamptz not null,
    actor        text        not null,
    trace        text        not null,
    content_hash bytea       not null,
    old_number   bigint,
    new_number   bigint
  );
  create index subscriber_event_by_subscriber on subscriber_event (subscriber, serial);

  create function subscriber_event_is_append_only() returns trigger language plpgsql as $$
    begin
      raise exception 'subscriber_event is append-only';
    end
  $$;
  create trigger subscriber_event_is_append_only before update or delete or truncate on subscriber_event
    for each statement execute function subscriber_event_is_append_only();

  -- What other domains still have to close after an event; emptied as they report success.
  create table subscriber_closing (
    event_id   text        primary key references subscriber_event,
    subscriber bigint      not null,
    kind       text        not null,
    at         timestamptz not null
  );
`;

const TOKENS = `
  create table api_token (
    id          bigint      generated always as identity primary key,
    name        text        not null constraint token_name_is_unique unique,
    secret_hash bytea       not null constraint token_secret_is_unique unique check (octet_length(secret_hash) = 32),
    scopes      text[]      not null,
    created_at  timestamptz not null,
    revoked_at  timestamptz
  );
`;
