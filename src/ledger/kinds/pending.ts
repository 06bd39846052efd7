import { byteaArray, int2Array, int8Array, textArray, timestamptzArray } from '../../storage/pg-arrays.ts';
import { fromBytea } from '../../storage/pipeline.ts';
import type { PendingKey } from '../operation.ts';
import type { PendingRecord } from '../records.ts';
import { reportingWrite, type RecordReader, type RecordWriter } from './kind.ts';

export const pendingReader: RecordReader<PendingKey, PendingRecord> = {
  statement: {
    name: 'load_pending',
    text: `select p.home, p.id, p.account, p.code_hash, p.command, p.state, p.attempts,
        extract(epoch from p.expires_at) * 1000
      from unnest($1::smallint[], $2::bytea[]) k(home, id) cross join lateral
        (select * from pending p where p.home = k.home and p.id = k.id limit 1) p`,
  },
  keys: (keys) => [int2Array(keys, (key) => key.home), byteaArray(keys, (key) => key.id)],
  row: (column) => ({
    home: Number(column[0]),
    id: fromBytea(column[1]!),
    account: Number(column[2]),
    codeHash: typeof column[3] === 'string' ? fromBytea(column[3]) : null,
    command: column[4]!,
    state: Number(column[5]),
    attempts: Number(column[6]),
    expiresAt: Number(column[7]),
  }),
};

export const pendingWriter: RecordWriter<PendingRecord> = {
  kind: 'pending',
  statement: reportingWrite(
    'pending',
    `insert into pending (home, id, account, code_hash, command, state, attempts, expires_at)
      select * from unnest($1::smallint[], $2::bytea[], $3::bigint[], $4::bytea[], $5::text[], $6::smallint[],
        $7::smallint[], $8::timestamptz[])
      on conflict (home, id) do update set state = excluded.state, attempts = excluded.attempts`,
  ),
  values: (rows) => [
    int2Array(rows, (row) => row.home),
    byteaArray(rows, (row) => row.id),
    int8Array(rows, (row) => row.account),
    byteaArray(rows, (row) => row.codeHash),
    textArray(rows, (row) => row.command),
    int2Array(rows, (row) => row.state),
    int2Array(rows, (row) => row.attempts),
    timestamptzArray(rows, (row) => row.expiresAt),
  ],
};
