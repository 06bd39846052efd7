import { int2Array, int4Array, int8Array, textArray, timestamptzArray } from '../../storage/pg-arrays.ts';
import type { RedemptionRecord } from '../records.ts';
import { reportingWrite, type RecordWriter } from './kind.ts';

export const redemptionWriter: RecordWriter<RedemptionRecord> = {
  kind: 'redemption',
  statement: reportingWrite(
    'redemption',
    `insert into redemption (home, account, serial, item, price_list, points, state, transfer, voucher, created_at)
      select * from unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::text[], $5::integer[], $6::bigint[],
        $7::smallint[], $8::bigint[], $9::text[], $10::timestamptz[])`,
  ),
  values: (rows) => [
    int2Array(rows, (row) => row.home),
    int8Array(rows, (row) => row.account),
    int8Array(rows, (row) => row.serial),
    textArray(rows, (row) => row.item),
    int4Array(rows, (row) => row.priceList),
    int8Array(rows, (row) => row.points),
    int2Array(rows, (row) => row.state),
    int8Array(rows, (row) => row.transfer),
    textArray(rows, (row) => row.voucher),
    timestamptzArray(rows, (row) => row.createdAt),
  ],
};
