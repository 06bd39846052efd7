import { int2Array, int8Array } from '../../storage/pg-arrays.ts';
import type { ReversalKey } from '../operation.ts';
import type { ReversalRecord } from '../records.ts';
import { reportingWrite, type RecordReader, type RecordWriter } from './kind.ts';

export const reversalReader: RecordReader<ReversalKey, ReversalRecord> = {
  statement: {
    name: 'load_reversal',
    text: `select r.home, r.transfer, r.reversed
      from unnest($1::smallint[], $2::bigint[]) k(home, transfer) cross join lateral
        (select * from reversal r where r.home = k.home and r.transfer = k.transfer limit 1) r`,
  },
  keys: (keys) => [int2Array(keys, (key) => key.home), int8Array(keys, (key) => key.transfer)],
  row: (column) => ({ home: Number(column[0]), transfer: Number(column[1]), reversed: BigInt(column[2]!) }),
};

export const reversalWriter: RecordWriter<ReversalRecord> = {
  kind: 'reversal',
  statement: reportingWrite(
    'reversal',
    `insert into reversal (home, transfer, reversed)
      select * from unnest($1::smallint[], $2::bigint[], $3::bigint[])
      on conflict (home, transfer) do update set reversed = excluded.reversed`,
  ),
  values: (rows) => [
    int2Array(rows, (row) => row.home),
    int8Array(rows, (row) => row.transfer),
    int8Array(rows, (row) => row.reversed),
  ],
};
