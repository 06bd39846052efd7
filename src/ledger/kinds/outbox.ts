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
    int2Array(rows.map((row) => row.home)),
    int8Array(rows.map((row) => row.id)),
    int8Array(rows.map((row) => row.subscriber)),
    int2Array(rows.map((row) => row.priority)),
    textArray(rows.map((row) => row.smsc)),
    textArray(rows.map((row) => row.source)),
    textArray(rows.map((row) => row.destination)),
    textArray(rows.map((row) => row.body)),
    boolArray(rows.map((row) => row.receipt)),
    byteaArray(rows.map((row) => row.trace)),
    timestamptzArray(rows.map((row) => row.createdAt)),
    timestamptzArray(rows.map((row) => row.dueAt)),
    int4Array(rows.map((row) => row.leaseOwner)),
    timestamptzArray(rows.map((row) => row.leaseUntil)),
  ],
};
