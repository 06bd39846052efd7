import type { Knex } from 'knex';

/**
 * The double-entry ledger of bonus points, and the records that must commit with it.
 *
 * `home` (owner id modulo 1024) comes first in every key: a lane today, a shard later. There are no foreign keys
 * between owners and no index on a column that changes with a balance, so that account updates stay HOT. System
 * accounts (issue, redeemed, breakage, ...) have no row: one row under every posting would serialize the gateway.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(ACCOUNTS);
  await knex.raw(JOURNAL);
  await knex.raw(TWO_STEP);
  await knex.raw(MESSAGES);
}

const ACCOUNTS = `
  create table account (
    home     smallint not null,
    id       bigint   not null,
    role     smallint not null constraint role_is_wallet_or_pool check (role in (1, 2)),
    status   smallint not null default 0,
    -- posted points: the lots, plus what holds have taken out of them
    balance  bigint   not null default 0 constraint balance_is_never_negative check (balance >= 0),
    held     bigint   not null default 0 constraint held_is_part_of_balance check (held between 0 and balance),
    debt     bigint   not null default 0 constraint debt_is_never_negative check (debt >= 0),
    tier     smallint not null default 0,
    version  integer  not null default 0,
    lots     bytea    not null default ''::bytea,
    counters bytea    not null default ''::bytea,
    carry    bytea    not null default ''::bytea,
    primary key (home, id),
    constraint home_follows_from_owner check (home = (id / 16) % 1024)
  ) with (fillfactor = 60);

  -- What the points of a lot have in common, interned: immutable, shared, cached by every daemon.
  create table lot_class (
    id           integer  generated always as identity primary key,
    programme    smallint not null,
    source       text     not null,
    issuer       integer  not null,
    cost_num     bigint   not null,
    cost_den     bigint   not null check (cost_den > 0),
    transferable boolean  not null,
    fungible     boolean  not null,
    depth        smallint not null,
    constraint one_id_for_one_class
      unique (programme, source, issuer, cost_num, cost_den, transferable, fungible, depth)
  );

  create sequence ledger_serial increment by 4096;
`;

const JOURNAL = `
  create table request (
    home         smallint    not null,
    key          bytea       not null,
    content_hash bytea       not null,
    trace        bytea       not null,
    channel      smallint    not null,
    actor        text        not null,
    operation    text        not null,
    outcome      text        not null,
    at           timestamptz not null,
    primary key (home, key)
  );

  -- Balanced by construction: one amount leaves src and reaches dst. Negative ids are system accounts.
  create table transfer (
    home         smallint    not null,
    id           bigint      not null,
    kind         smallint    not null,
    src          bigint      not null,
    dst          bigint      not null constraint transfer_moves_between_two check (dst <> src),
    amount       bigint      not null constraint transfer_moves_something check (amount > 0),
    slices       bytea       not null,
    request_home smallint    not null,
    request_key  bytea       not null,
    reason       text,
    at           timestamptz not null,
    primary key (home, id)
  );

  -- Legs of accounts that have a row; the other legs are the view below.
  create table posting (
    home          smallint not null,
    account       bigint   not null,
    transfer_home smallint not null,
    transfer      bigint   not null,
    delta         bigint   not null constraint posting_changes_something check (delta <> 0),
    balance_after bigint   not null,
    primary key (home, account, transfer)
  );

  create view system_posting as
    select home as transfer_home, id as transfer, src as account, -amount as delta, at from transfer where src < 0
    union all
    select home, id, dst, amount, at from transfer where dst < 0;

  -- How much of a transfer has been reversed so far; belongs to the transfer's home account.
  create table reversal (
    home     smallint not null,
    transfer bigint   not null,
    reversed bigint   not null constraint reversed_is_positive check (reversed > 0),
    primary key (home, transfer)
  );
`;

const TWO_STEP = `
  create table hold (
    home       smallint    not null,
    account    bigint      not null,
    serial     bigint      not null,
    amount     bigint      not null check (amount > 0),
    captured   bigint      not null default 0 check (captured between 0 and amount),
    state      smallint    not null,
    slices     bytea       not null,
    expires_at timestamptz not null,
    created_at timestamptz not null,
    primary key (home, account, serial)
  );
  create index hold_open on hold (expires_at) where state = 0;

  -- Step one of two for money: what was quoted, waiting for its confirmation.
  create table pending (
    home       smallint    not null,
    id         bytea       not null,
    account    bigint      not null,
    code_hash  bytea,
    command    text        not null,
    state      smallint    not null,
    attempts   smallint    not null default 0,
    expires_at timestamptz not null,
    primary key (home, id)
  );
  create index pending_open on pending (home, account) where state = 0;

  create table redemption (
    home        smallint    not null,
    account     bigint      not null,
    serial      bigint      not null,
    item        text        not null,
    price_list  integer     not null,
    points      bigint      not null,
    state       smallint    not null,
    transfer    bigint      not null,
    voucher     text,
    created_at  timestamptz not null,
    primary key (home, account, serial)
  );
`;

const MESSAGES = `
  -- One SMPP session; \`proved_until\`: everything we wrote before it is known to have reached the SMSC.
  create table smpp_session (
    id           uuid        primary key,
    smsc         text        not null,
    bind         text        not null,
    started_at   timestamptz not null,
    proved_until timestamptz not null,
    ended_at     timestamptz
  );

  -- The latest MO of each fingerprint: exactly once in effect (ADR 1).
  create table mo (
    home        smallint    not null,
    fingerprint bytea       not null,
    first_at    timestamptz not null,
    received_at timestamptz not null,
    session_id  uuid        not null,
    in_doubt    boolean     not null default false,
    request_key bytea       not null,
    primary key (home, fingerprint)
  ) with (fillfactor = 80);

  create table outbox (
    home        smallint    not null,
    id          bigint      not null,
    subscriber  bigint,
    priority    smallint    not null,
    smsc        text,
    source      text        not null,
    destination text        not null,
    body        text        not null,
    receipt     boolean     not null default false,
    trace       bytea       not null,
    created_at  timestamptz not null,
    due_at      timestamptz not null,
    state       smallint    not null default 0,
    lease_owner integer,
    lease_until timestamptz,
    attempts    smallint    not null default 0,
    done_at     timestamptz,
    primary key (home, id)
  ) with (fillfactor = 80);
  create index outbox_open on outbox (due_at) where state = 0;
`;
