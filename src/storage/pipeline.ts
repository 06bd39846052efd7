import pg from 'pg';

/** A prepared statement; one name always stands for one text. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** What a statement answered: the tag (`COMMIT`, `INSERT 0 5`), the row count and the rows as text columns. */
export interface Answer {
  readonly command: string;
  readonly rowCount: number;
  readonly rows: readonly (readonly (string | null)[])[];
}

/**
 * One connection in pipeline mode: statements are written at once and answered in order.
 *
 * Values are sent in binary (see pg-arrays.ts); rows come back as text, since the client library decodes every
 * column as a UTF-8 string.
 */
export interface Pipeline {
  /** Sends a prepared statement. Rejects with the server's error or the loss of the connection. */
  send(statement: Statement, values: readonly Buffer[]): Promise<Answer>;
  /** Sends a command without values: BEGIN, COMMIT, ROLLBACK. */
  command(text: string): Promise<Answer>;
  /** Resolves when the connection is gone, for whatever reason. */
  readonly lost: Promise<Error>;
  close(): Promise<void>;
}

export interface PipelineOptions {
  readonly url: string;
  readonly applicationName: string;
  readonly connectTimeoutMs: number;
  readonly queryTimeoutMs: number;
}

/**
 * Every statement here looks rows up by primary key or writes them, so one plan is right for ever: it is made once, and
 * never from statistics that say a growing table is empty.
 */
const SESSION_OPTIONS = ['enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin', 'jit']
  .map((setting) => `-c ${setting}=off`)
  .join(' ');

/** @throws Error when the server cannot be reached in time */
export async function openPipeline(options: PipelineOptions): Promise<Pipeline> {
  const client = new pg.Client({
    connectionString: options.url,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs,
    query_timeout: options.queryTimeoutMs,
    keepAlive: true,
    pipeline: true,
    options: SESSION_OPTIONS,
    types: { getTypeParser: () => (value: string) => value },
  });
  const lost = new Promise<Error>((resolve) => {
    client.on('error', resolve);
    client.on('end', () => resolve(new Error('connection ended')));
  });
  await client.connect();
  const names = new Map<string, string>();
  return {
    send: (statement, values) => {
      checkName(names, statement);
      return run(client, {
        name: statement.name,
        text: statement.text,
        values: [...values],
        rowMode: 'array',
      });
    },
    command: (text) => run(client, { text, rowMode: 'array' }),
    lost,
    close: () => client.end(),
  };
}

/** Two texts under one prepared name would be refused by the library while the rest of a batch commits. */
function checkName(names: Map<string, string>, statement: Statement): void {
  const known = names.get(statement.name);
  if (known === undefined) names.set(statement.name, statement.text);
  else if (known !== statement.text) throw new Error(`two statements under one name: ${statement.name}`);
}

async function run(client: pg.Client, config: pg.QueryArrayConfig): Promise<Answer> {
  const result = await client.query<(string | null)[]>(config);
  return { command: result.command, rowCount: result.rowCount ?? 0, rows: result.rows };
}

/** `\x0a0b` to octets. */
export function fromBytea(text: string): Buffer {
  return Buffer.from(text.slice(2), 'hex');
}
