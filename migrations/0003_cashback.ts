import type { Knex } from 'knex';

/**
 * Cashback at partner shops: who the partners are, who may see the offer, what people answered.
 *
 * Subscribers are ids without a foreign key: a binding or an answer may come before or outlive the person's record.
 * Every fact that a redirect decision depends on is also a row of `cashback_change`, written in the same statement;
 * daemons read that feed by transaction id, because neither ids nor times are the order of commits.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table cashback_merchant (
      id   integer generated always as identity primary key,
      name text not null constraint merchant_name_is_unique unique
    );

    -- Hosts in the spelling of the decision: lower case, IDNA, no port 80, no trailing dot.
    create table cashback_host (
      host        text primary key,
      merchant_id integer not null references cashback_merchant (id)
    );

    create table cashback_audience (
      subscriber_id bigint primary key,
      added_at      timestamptz not null,
      opted_out_at  timestamptz
    );

    -- Addresses are lent: a binding ends at valid_to, or when the address goes to somebody else.
    create table cashback_binding (
      kind          text not null check (kind in ('v4', 'v6', 'login')),
      key           text not null,
      subscriber_id bigint not null,
      bound_at      timestamptz not null,
      valid_to      timestamptz,
      primary key (kind, key)
    );
    create index cashback_binding_by_subscriber on cashback_binding (subscriber_id);

    create table cashback_answer (
      subscriber_id bigint not null,
      version       integer not null check (version > 0),
      answer        text not null check (answer in ('accepted', 'declined')),
      merchant_id   integer not null,
      language      text not null,
      trace         text not null,
      answered_at   timestamptz not null,
      primary key (subscriber_id, version)
    );

    create table cashback_shown (
      nonce         text primary key,
      subscriber_id bigint not null,
      merchant_id   integer not null,
      host          text not null,
      shown_at      timestamptz not null
    );
    create index cashback_shown_by_subscriber on cashback_shown (subscriber_id, shown_at desc);

    create table cashback_nonce (
      nonce      text primary key,
      used_at    timestamptz not null,
      expires_at timestamptz not null
    );

    create table cashback_change (
      id         bigint generated always as identity primary key,
      xid        xid8 not null default pg_current_xact_id(),
      body       jsonb not null,
      changed_at timestamptz not null
    );
    create index cashback_change_by_xid on cashback_change (xid, id);
  `);
}
