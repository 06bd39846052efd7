import type { Knex } from 'knex';

/** Joint programmes: partners, their agreements and keys, what they did, and what is settled with them. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(PARTNERS);
  await knex.raw(OPERATIONS);
  await knex.raw(JOURNAL_ORDER);
  await knex.raw(CLEARING);
}

const PARTNERS = `
  create table partner (
    id         integer     generated always as identity primary key,
    code       text        not null constraint partner_code_is_unique unique,
    name       text        not null,
    blocked    boolean     not null default false,
    created_at timestamptz not null
  );
  -- The operator is a party of its own programme: it issues points and accepts them, under agreements like the others'.
  insert into partner (id, code, name, created_at) overriding system value values (0, 'operator', 'Operator', now());

  -- Never changed but for its end: what was earned under it is settled by it.
  create table agreement (
    id                integer     generated always as identity primary key,
    partner           integer     not null references partner,
    reference         text        not null,
    content_hash      bytea       not null,
    model             text        not null check (model in ('prepaid_points', 'postpaid')),
    earn_num          bigint      not null check (earn_num >= 0),
    earn_den          bigint      not null check (earn_den > 0),
    burn_num          bigint      not null check (burn_num >= 0),
    burn_den          bigint      not null check (burn_den > 0),
    minor_per_point   bigint      not null check (minor_per_point > 0),
    cap               bigint      check (cap > 0),
    max_backdate_days integer     not null check (max_backdate_days >= 0),
    breakage_ppm      integer     not null check (breakage_ppm between 0 and 1000000),
    grace_days        integer     not null check (grace_days >= 0),
    vat_code          text        not null,
    valid_from        timestamptz not null,
    valid_to          timestamptz,
    published_by      text        not null,
    published_at      timestamptz not null,
    constraint one_agreement_of_a_name unique (partner, reference),
    constraint agreement_begins_before_it_ends check (valid_to >= valid_from),
    constraint agreements_do_not_overlap
      exclude using gist (int4range(partner, partner, '[]') with &&, tstzrange(valid_from, valid_to) with &&)
  );

  -- The secret is not stored: it follows from the key's id and the gateway's own secret.
  create table partner_key (
    id         text        primary key,
    partner    integer     not null references partner,
    slot       smallint    not null check (slot in (1, 2)),
    created_by text        not null,
    created_at timestamptz not null,
    revoked_at timestamptz
  );
  create unique index two_active_keys on partner_key (partner, slot) where revoked_at is null;
`;

const OPERATIONS = `
  create table partner_operation (
    home           smallint    not null,
    account        bigint      not null,
    serial         bigint      not null,
    partner        integer     not null,
    kind           text        not null,
    reference      text        not null,
    content_hash   bytea       not null,
    request_key    bytea       not null,
    agreement      integer     not null,
    subject        bigint,
    points         bigint      not null check (points >= 0),
    minor          bigint,
    refunded_minor bigint      not null default 0,
    transfer       bigint,
    occurred_at    timestamptz not null,
    created_at     timestamptz not null,
    primary key (home, account, serial),
    constraint refunds_stay_below_the_purchase check (refunded_minor between 0 and coalesce(minor, 0))
  );
  create unique index one_operation_of_a_name on partner_operation (partner, kind, reference);
  create index partner_operation_by_time on partner_operation (partner, serial);
`;

/**
 * Times and serials are not the order of commits: a reader that must miss nothing reads the rows of transactions below
 * the oldest one that still runs. Block ranges are enough, since the journal only grows at its end.
 */
const JOURNAL_ORDER = `
  alter table transfer add column if not exists xid xid8 not null default pg_current_xact_id();
  create index transfer_posted on transfer using brin (at);
  create index transfer_committed on transfer using brin ((xid::text::bigint));
`;

const CLEARING = `
  -- One closed period. Amounts are millionths of a minor unit, cumulative up to its end.
  create table clearing_batch (
    id            integer     generated always as identity primary key,
    period        text        not null constraint a_period_is_closed_once unique,
    ends_at       timestamptz not null,
    horizon       bigint      not null,
    pool_micro    numeric     not null,
    reserve_micro numeric     not null,
    margin_micro  numeric     not null,
    debt_micro    numeric     not null,
    closed_by     text        not null,
    closed_at     timestamptz not null,
    constraint pool_is_reserve_and_margin check (pool_micro = reserve_micro - debt_micro + margin_micro)
  );

  -- What became of an issuer's points up to the end of the period.
  create table clearing_position (
    batch        integer not null,
    issuer       integer not null,
    reserve_num  bigint  not null,
    reserve_den  bigint  not null,
    issued       bigint  not null,
    redeemed     bigint  not null,
    expired      bigint  not null,
    debt_made    bigint  not null,
    debt_settled bigint  not null,
    outstanding  bigint  not null check (outstanding >= 0),
    primary key (batch, issuer),
    constraint points_are_somewhere
      check (outstanding = issued - redeemed - expired + debt_made - debt_settled)
  );

  create table clearing_statement (
    batch            integer not null,
    partner          integer not null,
    vat_code         text    not null,
    lines            integer not null,
    issue_minor      bigint  not null,
    burn_minor       bigint  not null,
    breakage_minor   bigint  not null,
    prepaid_minor    bigint  not null,
    correction_minor bigint  not null,
    net_micro        numeric not null,
    net_minor        bigint  not null,
    primary key (batch, partner),
    constraint net_is_the_sum_of_its_parts
      check (net_minor = issue_minor + burn_minor + breakage_minor + prepaid_minor + correction_minor)
  );

  create table clearing_line (
    batch        integer     not null,
    partner      integer     not null,
    line         integer     not null,
    kind         text        not null,
    issuer       integer     not null,
    acceptor     integer,
    points       bigint      not null,
    rate_num     bigint      not null,
    rate_den     bigint      not null,
    amount_micro numeric     not null,
    amount_minor bigint      not null,
    transfer     bigint,
    reference    text,
    occurred_at  timestamptz,
    posted_at    timestamptz,
    primary key (batch, partner, line)
  );

  -- How a statement went on after closing: confirmed, disputed, paid. The latest row is its state.
  create table clearing_event (
    id          bigint      generated always as identity primary key,
    batch       integer     not null,
    partner     integer     not null,
    state       text        not null check (state in ('confirmed', 'disputed', 'paid')),
    said_minor  bigint,
    reason      text        not null,
    actor       text        not null,
    at          timestamptz not null
  );
  create index clearing_event_of on clearing_event (batch, partner, id);

  -- A closed period is corrected by a line of the next one.
  create table clearing_correction (
    id           bigint      generated always as identity primary key,
    partner      integer     not null references partner,
    key          text        not null constraint a_correction_is_made_once unique,
    about        text        not null,
    amount_minor bigint      not null check (amount_minor <> 0),
    reason       text        not null,
    actor        text        not null,
    batch        integer,
    created_at   timestamptz not null
  );
`;
