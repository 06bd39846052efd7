import type { Knex } from 'knex';

/** Loyalty parameters, earning rules by version, the events they were applied to, and assessment runs. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(PARAMETERS);
  await knex.raw(RULES);
  await knex.raw(EVENTS);
  await knex.raw(ASSESSMENT);
}

const PARAMETERS = `
  create table parameter_definition (
    code        text        primary key,
    type        text        not null check (type in ('int', 'bool', 'string')),
    unit        text        not null,
    source      text        not null,
    description text        not null,
    created_at  timestamptz not null default now()
  );
  insert into parameter_definition (code, type, unit, source, description) values
    ('profitability', 'int', 'minor units of money', 'billing', 'profit of the last three months'),
    ('late_payments', 'int', 'payments', 'billing', 'late payments within the last twelve months'),
    ('average_spend', 'int', 'minor units of money', 'billing', 'average monthly spend of the last three months'),
    ('monthly_spend', 'int', 'minor units of money', 'billing', 'spend of the last whole month'),
    ('birthday', 'string', 'MM-DD', 'crm', 'month and day of birth');

  -- Facts with a date. A later value never replaces an earlier one: what a rule saw can be looked up for ever.
  create table parameter_value (
    subscriber  bigint      not null,
    code        text        not null references parameter_definition,
    as_of       timestamptz not null,
    value       text        not null,
    source      text        not null,
    recorded_at timestamptz not null,
    primary key (subscriber, code, as_of)
  );
  create index parameter_value_birthday on parameter_value (value, subscriber) where code = 'birthday';
`;

const RULES = `
  create table earning_rule_set (
    version      integer     primary key,
    status       text        not null check (status in ('draft', 'published', 'retired')),
    document     text        not null,
    hash         text        not null,
    engine       text        not null,
    author       text        not null,
    created_at   timestamptz not null,
    replay       text,
    publisher    text,
    published_at timestamptz,
    retired_at   timestamptz,
    constraint published_after_a_replay check (status = 'draft' or replay is not null)
  );
  create unique index earning_rule_set_in_force on earning_rule_set (status) where status = 'published';

  -- Carry and cap counters in account rows are kept under this number for ever, whatever the version.
  create table earning_rule_number (
    code   text    primary key,
    number integer not null unique check (number between 1 and 2200)
  );

  create function earning_rule_set_is_immutable() returns trigger language plpgsql as $$
  begin
    if (old.version, old.document, old.hash, old.engine, old.author, old.created_at)
      is distinct from (new.version, new.document, new.hash, new.engine, new.author, new.created_at)
    then raise exception 'the rules of version % cannot be changed', old.version;
    end if;
    if old.status = 'retired' and new.status <> 'retired' then
      raise exception 'version % is retired for good', old.version;
    end if;
    return new;
  end $$;
  create trigger earning_rule_set_immutable before update on earning_rule_set
    for each row execute function earning_rule_set_is_immutable();
`;

/** Partitioned by the day it was recorded, so that retention can drop months; all in one part to begin with. */
const EVENTS = `
  create table business_event (
    home        smallint    not null,
    account     bigint      not null,
    serial      bigint      not null,
    type        text        not null,
    minor       bigint      not null,
    currency    text        not null,
    occurred_at timestamptz not null,
    partner     text        not null,
    labels      text        not null,
    tier        integer     not null,
    version     integer     not null,
    points      bigint      not null check (points >= 0),
    recorded_at timestamptz not null,
    primary key (home, account, serial, recorded_at)
  ) partition by range (recorded_at);
  create table business_event_rest partition of business_event default;
  create index business_event_in_order on business_event (recorded_at, serial);
`;

const ASSESSMENT = `
  create table assessment_run (
    id          integer     generated always as identity primary key,
    version     integer     not null references earning_rule_set,
    as_of       timestamptz not null,
    state       text        not null check (state in ('running', 'done')),
    -- the last subscriber whose page is posted; a run goes on behind it
    cursor      bigint      not null default 0,
    members     bigint      not null default 0,
    refused     bigint      not null default 0,
    points      bigint      not null default 0,
    failures    bigint      not null default 0,
    started_by  text        not null,
    created_at  timestamptz not null,
    finished_at timestamptz,
    lease_owner integer,
    lease_until timestamptz
  );
  create unique index assessment_run_once on assessment_run (as_of);

  -- One member of one run: its serial is the run, its outcomes name each rule once.
  create table assessment_result (
    home       smallint    not null,
    account    bigint      not null,
    serial     bigint      not null,
    version    integer     not null,
    inputs     text        not null,
    outcomes   text        not null,
    points     bigint      not null check (points >= 0),
    created_at timestamptz not null,
    primary key (home, account, serial)
  );
  create index assessment_result_of_run on assessment_result (serial);

  create table birthday_day (
    day     date        primary key,
    done_at timestamptz not null
  );
`;
