import { byteaArray, int2Array, int8Array, textArray, timestamptzArray } from '../../storage/pg-arrays.ts';
import { packLots } from '../lots.ts';
import type { TransferRecord } from '../records.ts';
import { reportingWrite, type RecordWriter } from './kind.ts';

/** Append-only: the runtime role may insert and select, nothing else. */
export const transferWriter: RecordWriter<TransferRecord> = {
  kind: 'transfer',
  statement: reportingWrite(
    'transfer',
    `insert into transfer (home, id, kind, src, dst, amount, slices, request_home, request_key, reason, at)
      select * from unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::bigint[], $5::bigint[], $6::bigint[],
        $7::bytea[], $8::smallint[], $9::bytea[], $10::text[], $11::timestamptz[])`,
  ),
  values: (rows) => [
    int2Array(rows, (row) => row.home),
    int8Array(rows, (row) => row.id),
    int2Array(rows, (row) => row.kind),
    int8Array(rows, (row) => row.src),
    int8Array(rows, (row) => row.dst),
    int8Array(rows, (row) => row.amount),
    byteaArray(rows, (row) => packLots(row.slices)),
    int2Array(rows, (row) => row.requestHome),
    byteaArray(rows, (row) => row.requestKey),
    textArray(rows, (row) => row.reason),
    timestamptzArray(rows, (row) => row.at),
  ],
};
