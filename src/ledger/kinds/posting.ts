import { int2Array, int8Array } from '../../storage/pg-arrays.ts';
import type { PostingRecord } from '../records.ts';
import { reportingWrite, type RecordWriter } from './kind.ts';

/** Legs of accounts that have a row. Append-only. */
export const postingWriter: RecordWriter<PostingRecord> = {
  kind: 'posting',
  statement: reportingWrite(
    'posting',
    `insert into posting (home, account, transfer_home, transfer, delta, balance_after)
      select * from unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::bigint[], $5::bigint[], $6::bigint[])`,
  ),
  values: (rows) => [
    int2Array(rows, (row) => row.home),
    int8Array(rows, (row) => row.account),
    int2Array(rows, (row) => row.transferHome),
    int8Array(rows, (row) => row.transfer),
    int8Array(rows, (row) => row.delta),
    int8Array(rows, (row) => row.balanceAfter),
  ],
};
