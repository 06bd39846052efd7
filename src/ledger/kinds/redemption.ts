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
    int2Array(rows.map((row) => row.home)),
    int8Array(rows.map((row) => row.account)),
    int8Array(rows.map((row) => row.serial)),
    textArray(rows.map((row) => row.item)),
    int4Array(rows.map((row) => row.priceList)),
    int8Array(rows.map((row) => row.points)),
    int2Array(rows.map((row) => row.state)),
    int8Array(rows.map((row) => row.transfer)),
    textArray(rows.map((row) => row.voucher)),
    timestamptzArray(rows.map((row) => row.createdAt)),
  ],
};
