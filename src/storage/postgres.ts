import pg from 'pg';

/** Rows of one statement; the caller states the row type it selected. */
export interface Db {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** A bounded pool with absolute deadlines: Node does not notice a dead link by itself. */
export interface PostgresPool extends Db {
  /** Runs `work` in one transaction; an exception rolls it back. */
  transaction<T>(work: (tx: Db) => Promise<T>): Promise<T>;
  end(): Promise<void>;
}

export interface PostgresOptions {
  readonly url: string;
  readonly connectionsMax: number;
  readonly connectTimeoutMs: number;
  readonly queryTimeoutMs: number;
  readonly applicationName: string;
}

export const POSTGRES_DEFAULTS = {
  connectionsMax: 8,
  connectTimeoutMs: 5_000,
  queryTimeoutMs: 10_000,
  applicationName: 'bonusgate',
} as const;

/** Opens nothing yet: connections are made on first use. `bigint` columns arrive as JavaScript bigint. */
export function createPool(options: PostgresOptions, onError: (error: Error) => void): PostgresPool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.connectionsMax,
    connectionTimeoutMillis: options.connectTimeoutMs,
    query_timeout: options.queryTimeoutMs,
    keepAlive: true,
    application_name: options.applicationName,
    types: { getTypeParser },
  });
  pool.on('error', onError);
  return {
    query: async <Row extends object>(text: string, values: readonly unknown[] = []) =>
      (await pool.query<Row>(text, [...values])).rows,
    transaction: (work) => inTransaction(pool, work),
    end: () => pool.end(),
  };
}

async function inTransaction<T>(pool: pg.Pool, work: (tx: Db) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  const tx: Db = {
    query: async <Row extends object>(text: string, values: readonly unknown[] = []) =>
      (await client.query<Row>(text, [...values])).rows,
  };
  try {
    await client.query('begin');
    const result = await work(tx);
    await client.query('commit');
    client.release();
    return result;
  } catch (error) {
    await client.query('rollback').then(
      () => client.release(),
      () => client.release(true),
    );
    throw error;
  }
}

const INT8_OID = 20;

/** The library's own parsers; its type lists the built-in object ids, a database has more. */
type TypeParserSource = (oid: number, format?: 'text' | 'binary') => (value: string) => unknown;

function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (oid === INT8_OID && format !== 'binary') return BigInt;
  return (pg.types.getTypeParser as TypeParserSource)(oid, format);
}
