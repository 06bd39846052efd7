import { byteaArray, int2Array, int4Array, int8Array } from '../../storage/pg-arrays.ts';
import { fromBytea } from '../../storage/pipeline.ts';
import { packCarry, packCounters, unpackCarry, unpackCounters } from '../counters.ts';
import type { AccountKey } from '../keys.ts';
import { packLots, unpackLots } from '../lots.ts';
import type { AccountRecord } from '../records.ts';
import { reportingWrite, type RecordReader, type RecordWriter } from './kind.ts';

/**
 * Locks the accounts one after another, in the order of the keys: the caller sorts them by (home, id), and the lateral
 * sub-select cannot be reordered. Everything else of a batch is read by later statements: joined into this
 * one it would be read with the snapshot from before the wait.
 */
export const accountReader: RecordReader<AccountKey, AccountRecord> = {
  statement: {
    name: 'lock_account',
    text: `select a.home, a.id, a.role, a.status, a.balance, a.held, a.debt, a.tier, a.version,
        a.lots, a.counters, a.carry, extract(epoch from a.opened_at) * 1000
      from unnest($1::smallint[], $2::bigint[]) k(home, id) cross join lateral
        (select * from account a where a.home = k.home and a.id = k.id for update) a`,
  },
  keys: (keys) => [int2Array(keys, (key) => key.home), int8Array(keys, (key) => key.id)],
  row: (column) => ({
    home: Number(column[0]),
    id: Number(column[1]),
    role: Number(column[2]),
    status: Number(column[3]),
    balance: BigInt(column[4]!),
    held: BigInt(column[5]!),
    debt: BigInt(column[6]!),
    tier: Number(column[7]),
    version: Number(column[8]),
    lots: unpackLots(fromBytea(column[9]!)),
    counters: unpackCounters(fromBytea(column[10]!)),
    carry: unpackCarry(fromBytea(column[11]!)),
    openedAt: Number(column[12]),
  }),
};

/** The version check backs up the lock: a forgotten lock is an error instead of a lost update. */
export const accountWriter: RecordWriter<AccountRecord> = {
  kind: 'account',
  statement: reportingWrite(
    'account',
    `update account a set status = u.status, balance = u.balance, held = u.held, debt = u.debt, tier = u.tier,
        version = a.version + 1, lots = u.lots, counters = u.counters, carry = u.carry
      from unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::bigint[], $5::bigint[], $6::bigint[],
        $7::smallint[], $8::integer[], $9::bytea[], $10::bytea[], $11::bytea[])
        u(home, id, status, balance, held, debt, tier, version, lots, counters, carry)
      where a.home = u.home and a.id = u.id and a.version = u.version`,
  ),
  values: (rows) => [
    int2Array(rows, (row) => row.home),
    int8Array(rows, (row) => row.id),
    int2Array(rows, (row) => row.status),
    int8Array(rows, (row) => row.balance),
    int8Array(rows, (row) => row.held),
    int8Array(rows, (row) => row.debt),
    int2Array(rows, (row) => row.tier),
    int4Array(rows, (row) => row.version),
    byteaArray(rows, (row) => packLots(row.lots)),
    byteaArray(rows, (row) => packCounters(row.counters)),
    byteaArray(rows, (row) => packCarry(row.carry)),
  ],
};
