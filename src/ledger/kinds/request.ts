import { byteaArray, int2Array, textArray, timestamptzArray } from '../../storage/pg-arrays.ts';
import { fromBytea } from '../../storage/pipeline.ts';
import type { RequestRecord } from '../records.ts';
import { decodeVerdict, encodeVerdict } from '../verdict.ts';
import { reportingWrite, type RecordReader, type RecordWriter } from './kind.ts';

export type StoredRequest = Pick<RequestRecord, 'home' | 'key' | 'contentHash' | 'verdict'>;

export const requestReader: RecordReader<{ home: number; key: Buffer }, StoredRequest> = {
  statement: {
    name: 'load_request',
    text: `select r.home, r.key, r.content_hash, r.outcome
      from unnest($1::smallint[], $2::bytea[]) k(home, key) cross join lateral
        (select * from request r where r.home = k.home and r.key = k.key limit 1) r`,
  },
  keys: (keys) => [int2Array(keys, (key) => key.home), byteaArray(keys, (key) => key.key)],
  row: (column) => ({
    home: Number(column[0]),
    key: fromBytea(column[1]!),
    contentHash: fromBytea(column[2]!),
    verdict: decodeVerdict(column[3]!),
  }),
};

export const requestWriter: RecordWriter<RequestRecord> = {
  kind: 'request',
  statement: reportingWrite(
    'request',
    `insert into request (home, key, content_hash, trace, channel, actor, operation, outcome, at)
      select * from unnest($1::smallint[], $2::bytea[], $3::bytea[], $4::bytea[], $5::smallint[], $6::text[],
        $7::text[], $8::text[], $9::timestamptz[])`,
  ),
  values: (rows) => [
    int2Array(rows, (row) => row.home),
    byteaArray(rows, (row) => row.key),
    byteaArray(rows, (row) => row.contentHash),
    byteaArray(rows, (row) => row.trace),
    int2Array(rows, (row) => row.channel),
    textArray(rows, (row) => row.actor),
    textArray(rows, (row) => row.operation),
    textArray(rows, (row) => encodeVerdict(row.verdict)),
    timestamptzArray(rows, (row) => row.at),
  ],
};
