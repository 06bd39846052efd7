import type { Db } from '../storage/postgres.ts';
import type { ParameterDefinition } from './parameter.ts';

export async function listDefinitions(db: Db): Promise<ParameterDefinition[]> {
  return db.query<ParameterDefinition>(
    'select code, type, unit, source, description from parameter_definition order by code',
  );
}

/** Adds a definition; false when there is one of that code with another type, which facts rely on. */
export async function saveDefinition(db: Db, definition: ParameterDefinition): Promise<boolean> {
  const { code, type, unit, source, description } = definition;
  const rows = await db.query(
    `insert into parameter_definition as d (code, type, unit, source, description) values ($1, $2, $3, $4, $5)
      on conflict (code) do update set unit = excluded.unit, source = excluded.source,
        description = excluded.description
      where d.type = excluded.type returning code`,
    [code, type, unit, source, description],
  );
  return rows.length === 1;
}

/** One dated fact about a member. */
export interface ParameterFact {
  readonly subscriber: bigint;
  readonly code: string;
  /** Milliseconds since 1970. */
  readonly asOf: number;
  readonly value: string;
}

/**
 * Adds facts, each once. Answers for each, in order, the value that stands: another one than was sent means that
 * somebody told a different value of the same day before.
 */
export async function insertFacts(
  db: Db,
  facts: readonly ParameterFact[],
  source: string,
  now: number,
): Promise<string[]> {
  const columns = [
    facts.map(({ subscriber }) => subscriber),
    facts.map(({ code }) => code),
    facts.map(({ asOf }) => new Date(asOf)),
  ];
  await db.query(
    `insert into parameter_value (subscriber, code, as_of, value, source, recorded_at)
      select distinct on (subscriber, code, as_of) subscriber, code, as_of, value, $5, $6::timestamptz
        from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::text[]) with ordinality
          f(subscriber, code, as_of, value, n) order by subscriber, code, as_of, n
      on conflict do nothing`,
    [...columns, facts.map(({ value }) => value), source, new Date(now)],
  );
  const rows = await db.query<{ value: string }>(
    `select v.value from unnest($1::bigint[], $2::text[], $3::timestamptz[]) with ordinality
        f(subscriber, code, as_of, n) join parameter_value v using (subscriber, code, as_of) order by f.n`,
    columns,
  );
  return rows.map(({ value }) => value);
}

export interface KnownValue {
  readonly subscriber: bigint;
  readonly code: string;
  readonly value: string;
  readonly asOf: Date;
}

/** The newest values of some parameters at each member's moment; nothing for what was never told by then. */
export async function listValuesAsOf(
  db: Db,
  members: readonly { readonly subscriber: bigint; readonly at: number }[],
  codes: readonly string[],
): Promise<(KnownValue & { readonly index: number })[]> {
  return db.query<KnownValue & { index: number }>(
    `select m.n::int - 1 as index, m.subscriber, c.code, v.value, v.as_of as "asOf"
       from unnest($1::bigint[], $2::timestamptz[]) with ordinality m(subscriber, at, n)
       cross join unnest($3::text[]) c(code)
       cross join lateral (select value, as_of from parameter_value p
          where p.subscriber = m.subscriber and p.code = c.code and p.as_of <= m.at
          order by p.as_of desc limit 1) v`,
    [members.map(({ subscriber }) => subscriber), members.map(({ at }) => new Date(at)), codes],
  );
}
