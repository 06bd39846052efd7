import type { Knex } from 'knex';

/** Records of the bonus programme that belong to one account each and commit with its points. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(AWARD);
  await knex.raw(BENEFIT);
  await knex.raw(APPROVAL);
  await knex.raw(SAGA);
}

const AWARD = `
  create table award (
    home       smallint    not null,
    account    bigint      not null,
    serial     bigint      not null,
    source     text        not null,
    reference  text        not null,
    version    integer     not null,
    inputs     text        not null,
    points     bigint      not null check (points >= 0),
    transfer   bigint,
    cancelled  bigint      not null default 0 check (cancelled between 0 and points),
    created_at timestamptz not null,
    primary key (home, account, serial)
  );
  create index award_by_reference on award (source, reference, created_at);
`;

const BENEFIT = `
  create table benefit (
    home        smallint    not null,
    account     bigint      not null,
    serial      bigint      not null,
    source      text        not null,
    reference   text        not null,
    scope       text        not null check (scope in ('one_time', 'periodic', 'usage')),
    service     text        not null,
    effect      text        not null check (effect in ('factor_ppm', 'fixed_minor', 'units')),
    value       bigint      not null,
    valid_from  timestamptz not null,
    valid_to    timestamptz,
    uses_left   bigint      check (uses_left >= 0),
    stack_group text        not null,
    priority    integer     not null,
    state       smallint    not null,
    created_at  timestamptz not null,
    primary key (home, account, serial),
    constraint benefit_begins_before_it_ends check (valid_to >= valid_from)
  );
  create index benefit_active on benefit (home, account) where state = 0;
  create index benefit_lapsing on benefit (valid_to) where state = 0;
`;

const APPROVAL = `
  create table approval (
    home         smallint    not null,
    account      bigint      not null,
    serial       bigint      not null,
    command      text        not null,
    payload      text        not null,
    payload_hash bytea       not null check (octet_length(payload_hash) = 32),
    reason       text        not null,
    maker        text        not null,
    checker      text        constraint maker_is_not_checker check (checker <> maker),
    state        smallint    not null,
    expires_at   timestamptz not null,
    created_at   timestamptz not null,
    primary key (home, account, serial)
  );
  create index approval_waiting on approval (created_at) where state = 0;
`;

const SAGA = `
  create table saga (
    home       smallint    not null,
    account    bigint      not null,
    serial     bigint      not null,
    type       text        not null,
    subject    bigint,
    step       text        not null,
    data       text        not null,
    attempts   smallint    not null,
    due_at     timestamptz,
    created_at timestamptz not null,
    primary key (home, account, serial)
  );
  create index saga_due on saga (due_at) where due_at is not null;
  create index saga_by_subject on saga (home, account, subject) where subject is not null;
`;
