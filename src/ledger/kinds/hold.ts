import { byteaArray, int2Array, int8Array, timestamptzArray } from '../../storage/pg-arrays.ts';
import { fromBytea } from '../../storage/pipeline.ts';
import { packLots, unpackLots } from '../lots.ts';
import type { HoldKey } from '../operation.ts';
import type { HoldRecord } from '../records.ts';
import { reportingWrite, type RecordReader, type RecordWriter } from './kind.ts';

export const holdReader: RecordReader<HoldKey, HoldRecord> = {
  statement: {
    name: 'load_hold',
    text: `select h.home, h.account, h.serial, h.amount, h.captured, h.state, h.slices,
        extract(epoch from h.expires_at) * 1000, extract(epoch from h.created_at) * 1000
      from unnest($1::smallint[], $2::bigint[], $3::bigint[]) k(home, account, serial) cross join lateral
        (select * from hold h where h.home = k.home and h.account = k.account and h.serial = k.serial limit 1) h`,
  },
  keys: (keys) => [
    int2Array(keys, (key) => key.home),
    int8Array(keys, (key) => key.account),
    int8Array(keys, (key) => key.serial),
  ],
  row: (column) => ({
    home: Number(column[0]),
    account: Number(column[1]),
    serial: Number(column[2]),
    amount: BigInt(column[3]!),
    captured: BigInt(column[4]!),
    state: Number(column[5]),
    slices: unpackLots(fromBytea(column[6]!)),
    expiresAt: Number(column[7]),
    createdAt: Number(column[8]),
  }),
};

export const holdWriter: RecordWriter<HoldRecord> = {
  kind: 'hold',
  statement: reportingWrite(
    'hold',
    `insert into hold as h (home, account, serial, amount, captured, state, slices, expires_at, created_at)
      select * from unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::smallint[],
        $7::bytea[], $8::timestamptz[], $9::timestamptz[])
      on conflict (home, account, serial) do update set captured = excluded.captured, state = excluded.state`,
  ),
  values: (rows) => [
    int2Array(rows, (row) => row.home),
    int8Array(rows, (row) => row.account),
    int8Array(rows, (row) => row.serial),
    int8Array(rows, (row) => row.amount),
    int8Array(rows, (row) => row.captured),
    int2Array(rows, (row) => row.state),
    byteaArray(rows, (row) => packLots(row.slices)),
    timestamptzArray(rows, (row) => row.expiresAt),
    timestamptzArray(rows, (row) => row.createdAt),
  ],
};
