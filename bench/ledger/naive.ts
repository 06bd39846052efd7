import pg from 'pg';
import { decideOne } from '../../src/ledger/decide-batch.ts';
import { accountReader, accountWriter } from '../../src/ledger/kinds/account.ts';
import { holdReader, holdWriter } from '../../src/ledger/kinds/hold.ts';
import type { RecordReader, RecordWriter } from '../../src/ledger/kinds/kind.ts';
import { moReader, moWriter } from '../../src/ledger/kinds/mo.ts';
import { outboxWriter } from '../../src/ledger/kinds/outbox.ts';
import { postingWriter } from '../../src/ledger/kinds/posting.ts';
import { requestReader, requestWriter } from '../../src/ledger/kinds/request.ts';
import { transferWriter } from '../../src/ledger/kinds/transfer.ts';
import type { LotClass } from '../../src/ledger/lot-classes.ts';
import type { Operation } from '../../src/ledger/operation.ts';
import type { Tally } from './tally.ts';
import { WorkingSet } from '../../src/ledger/working-set.ts';

/**
 * The reference everybody would write first: one transaction per operation on a pooled connection, one statement
 * after another, with the same decisions and the same rows. Statements are prepared, rows go one per statement.
 */
export function createNaive(
  url: string,
  connections: number,
  serial: () => number,
  classOf: (id: number) => LotClass,
) {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  const context = { leaseOwner: 1, leaseMs: 30_000, provedUntil: () => 0 };
  const post = async (operation: Operation, tally: Tally): Promise<void> => {
    const client = await pool.connect();
    try {
      await client.query('begin');
      const set = await load(client, operation, serial, classOf);
      const decided = decideOne(set, operation, context);
      if ('bug' in decided) throw decided.bug instanceof Error ? decided.bug : new Error('bug');
      await write(client, set);
      await client.query('commit');
      count(tally, set);
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  };
  return { post, end: () => pool.end() };
}

function count(tally: Tally, { writes }: WorkingSet): void {
  tally.requests += writes.requests.length;
  tally.transfers += writes.transfers.length;
  tally.postings += writes.postings.length;
  // Holds are only placed here: the naive contestant never learns of one that it could end.
  tally.holds += writes.holds.size;
  tally.mos += writes.mos.size;
  tally.outbox += writes.outbox.length;
}

async function load(
  client: pg.PoolClient,
  operation: Operation,
  serial: () => number,
  classOf: (id: number) => LotClass,
): Promise<WorkingSet> {
  const { request, keys } = operation;
  const ordered = [...keys.accounts].sort((a, b) => a.home - b.home || a.id - b.id);
  const accounts = [];
  for (const key of ordered) accounts.push(...(await read(client, accountReader, key)));
  const requests = await read(client, requestReader, request);
  const mos = request.mo === undefined ? [] : await read(client, moReader, request.mo);
  const holds = keys.holds?.[0] === undefined ? [] : await read(client, holdReader, keys.holds[0]);
  const loaded = { accounts, requests, mos, holds, pendings: [], reversals: [], records: [] };
  return new WorkingSet(loaded, Date.now(), serial, classOf);
}

async function read<Key, Row>(
  client: pg.PoolClient,
  reader: RecordReader<Key, Row>,
  key: Key,
): Promise<Row[]> {
  const { rows } = await client.query<(string | null)[]>({
    name: reader.statement.name,
    text: reader.statement.text,
    values: reader.keys([key]),
    rowMode: 'array',
    types: { getTypeParser: () => (value: string) => value },
  });
  return rows.map((columns) => reader.row(columns));
}

async function write(client: pg.PoolClient, { writes }: WorkingSet): Promise<void> {
  const each = async <Row>(writer: RecordWriter<Row>, rows: Iterable<Row>): Promise<void> => {
    for (const row of rows) {
      await client.query({ name: writer.kind, text: writer.statement.plain, values: writer.values([row]) });
    }
  };
  await each(accountWriter, writes.accounts.values());
  await each(requestWriter, writes.requests);
  await each(transferWriter, writes.transfers);
  await each(postingWriter, writes.postings);
  await each(holdWriter, writes.holds.values());
  await each(moWriter, writes.mos.values());
  await each(outboxWriter, writes.outbox);
}
