import { byteaArray, int2Array, int8Array, textArray, timestamptzArray } from '../../storage/pg-arrays.ts';
import type { NoticeRecord } from '../records.ts';
import { reportingWrite, type RecordWriter } from './kind.ts';

/** A fact that is told already stays as it is: the write then counts as made, and the batch stands. */
export const noticeWriter: RecordWriter<NoticeRecord> = {
  kind: 'notice',
  statement: reportingWrite(
    'notice',
    `insert into notice (home, account, fact, template, class, variables, trace, created_at, begins_at, due_at)
      select n.*, begins_at from unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[], $5::smallint[], $6::text[],
        $7::bytea[], $8::timestamptz[], $9::timestamptz[])
        n(home, account, fact, template, class, variables, trace, created_at, begins_at)
      on conflict (home, account, fact) do update set fact = excluded.fact`,
  ),
  values: (rows) => [
    int2Array(rows, (row) => row.home),
    int8Array(rows, (row) => row.account),
    textArray(rows, (row) => row.fact),
    textArray(rows, (row) => row.template),
    int2Array(rows, (row) => row.class),
    textArray(rows, (row) => row.variables),
    byteaArray(rows, (row) => row.trace),
    timestamptzArray(rows, (row) => row.createdAt),
    timestamptzArray(rows, (row) => row.dueAt),
  ],
};
