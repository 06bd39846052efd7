import {
  boolArray,
  byteaArray,
  int2Array,
  int4Array,
  int8Array,
  textArray,
  timestamptzArray,
} from '../../storage/pg-arrays.ts';
import type { LeasedOutbox } from '../records.ts';
import { reportingWrite, type RecordWriter } from './kind.ts';

export const outboxWriter: RecordWriter<LeasedOutbox> = {
  kind: 'outbox',
  statement: reportingWrite(
    'outbox',
    `insert into outbox (home, id, subscriber, priority, smsc, source, destination, body, receipt, trace,
        created_at, due_at, lease_owner, lease_until)
      select * from unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::smallint[], $5::text[], $6::text[],
        $7::text[], $8::text[], $9::boolean[], $10::bytea[], $11::timestamptz[], $12::timestamptz[],
        $13::integer[], $14::timestamptz[])`,
  ),
  values: (rows) => [
    int2Array(rows, (row) => row.home),
    int8Array(rows, (row) => row.id),
    int8Array(rows, (row) => row.subscriber),
    int2Array(rows, (row) => row.priority),
    textArray(rows, (row) => row.smsc),
    textArray(rows, (row) => row.source),
    textArray(rows, (row) => row.destination),
    textArray(rows, (row) => row.body),
    boolArray(rows, (row) => row.receipt),
    byteaArray(rows, (row) => row.trace),
    timestamptzArray(rows, (row) => row.createdAt),
    timestamptzArray(rows, (row) => row.dueAt),
    int4Array(rows, (row) => row.leaseOwner),
    timestamptzArray(rows, (row) => row.leaseUntil),
  ],
};
