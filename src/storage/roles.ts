import pg from 'pg';
import { migrate } from './migrate.ts';

/** The role that the daemon serves with: it owns no table and can neither rewrite nor delete history. */
export const RUNTIME_ROLE = 'bonusgate_runtime';

/**
 * Tables that the runtime role may only read and add to: the journal. Add a table here in the change that creates it.
 *
 * A correction is a new row (a reversal), never an update; whoever wants to rewrite history needs the owner's password.
 */
export const APPEND_ONLY_TABLES: readonly string[] = [
  'transfer',
  'posting',
  'lot_class',
  'subscriber_event',
  'price_list',
  'clearing_batch',
  'clearing_position',
  'clearing_statement',
  'clearing_line',
  'clearing_event',
  'parameter_value',
  'business_event',
  'business_event_rest',
  'assessment_result',
  'ledger_seal',
  'brake_event',
];

/**
 * Tables whose rows the runtime role may add and remove but never change: an answer stored under a request key stays
 * what it is until its time is over (ADR 9).
 */
export const UNCHANGING_TABLES: readonly string[] = ['request'];

/** What the migrations tool keeps for itself. */
const OWNER_TABLES = ['knex_migrations', 'knex_migrations_lock'];

export interface PreparedDatabase {
  /** Names of the migrations applied now. */
  readonly applied: readonly string[];
  /** False when the owner may not create roles and nobody has: the daemon then serves as the owner. */
  readonly runtimeRole: boolean;
}

/**
 * Brings schema, runtime role and grants up to date, as the owner (`bonusgate migrate`, and at every demo start).
 *
 * With `runtimePassword` the role may log in; without, an existing role keeps its login and a new one is a group that an
 * administrator grants to the daemon's own role.
 */
export async function prepareDatabase(ownerUrl: string, runtimePassword?: string): Promise<PreparedDatabase> {
  const applied = await migrate(ownerUrl);
  const client = new pg.Client({ connectionString: ownerUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const runtimeRole = await ensureRuntimeRole(client, runtimePassword);
    if (runtimeRole) await grantRuntimeRole(client);
    return { applied, runtimeRole };
  } finally {
    await client.end();
  }
}

/** The owner's URL with the runtime role and its password instead. */
export function runtimeUrl(ownerUrl: string, password: string): string {
  const url = new URL(ownerUrl);
  url.username = RUNTIME_ROLE;
  url.password = password;
  return url.href;
}

async function ensureRuntimeRole(client: pg.Client, password: string | undefined): Promise<boolean> {
  const found = await client.query('select 1 from pg_roles where rolname = $1', [RUNTIME_ROLE]);
  if (found.rowCount === 0 && !(await createRole(client))) return false;
  if (password === undefined) return true;
  const { rows } = await client.query<{ text: string }>(
    `select format('alter role ${RUNTIME_ROLE} login password %L', $1::text) as text`,
    [password],
  );
  await client.query(rows[0]!.text);
  return true;
}

const DUPLICATE_OBJECT = '42710';
const UNIQUE_VIOLATION = '23505';
const INSUFFICIENT_PRIVILEGE = '42501';

/** False when we may not; another database of the same server may have created it a moment ago. */
async function createRole(client: pg.Client): Promise<boolean> {
  try {
    await client.query(`create role ${RUNTIME_ROLE} nologin`);
    return true;
  } catch (error) {
    const { code } = error as pg.DatabaseError;
    if (code === DUPLICATE_OBJECT || code === UNIQUE_VIOLATION) return true;
    if (code === INSUFFICIENT_PRIVILEGE) return false;
    throw error;
  }
}

/** States the grants anew, so that a table which became append-only loses what it had. */
async function grantRuntimeRole(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string; kind: 'table' | 'view' }>(
    `select relname as name, case relkind when 'v' then 'view' when 'm' then 'view' else 'table' end as kind
       from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm')`,
  );
  const grants = rows.flatMap(({ name, kind }) => {
    const rights = rightsOn(name, kind);
    const table = pg.escapeIdentifier(name);
    const revoke = `revoke all on ${table} from ${RUNTIME_ROLE}`;
    return rights === undefined ? [revoke] : [revoke, `grant ${rights} on ${table} to ${RUNTIME_ROLE}`];
  });
  await client.query(
    [
      'begin',
      // Two preparations at once would both touch the same catalogue rows.
      'select pg_advisory_xact_lock(7201003)',
      `grant usage on schema public to ${RUNTIME_ROLE}`,
      ...grants,
      `grant usage, select on all sequences in schema public to ${RUNTIME_ROLE}`,
      'commit',
    ].join(';\n'),
  );
}

function rightsOn(name: string, kind: 'table' | 'view'): string | undefined {
  if (OWNER_TABLES.includes(name)) return name === 'knex_migrations' ? 'select' : undefined;
  if (kind === 'view') return 'select';
  if (APPEND_ONLY_TABLES.includes(name)) return 'select, insert';
  return UNCHANGING_TABLES.includes(name) ? 'select, insert, delete' : 'select, insert, update, delete';
}
