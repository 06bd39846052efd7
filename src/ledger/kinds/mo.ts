import { boolArray, byteaArray, int2Array, timestamptzArray, uuidArray } from '../../storage/pg-arrays.ts';
import { fromBytea } from '../../storage/pipeline.ts';
import type { MoRecord } from '../records.ts';
import { reportingWrite, type RecordReader, type RecordWriter } from './kind.ts';

/** As stored, with what is known of the session that carried our answer. */
export interface StoredMo extends MoRecord {
  /** Everything written before this instant reached the SMSC; 0 when the session is unknown. */
  readonly provedUntil: number;
}

export const moReader: RecordReader<{ home: number; fingerprint: Buffer }, StoredMo> = {
  statement: {
    name: 'load_mo',
    text: `select m.home, m.fingerprint, extract(epoch from m.first_at) * 1000,
        extract(epoch from m.received_at) * 1000, m.session_id, m.in_doubt, m.request_key,
        coalesce(extract(epoch from s.proved_until) * 1000, 0)
      from unnest($1::smallint[], $2::bytea[]) k(home, fingerprint)
      cross join lateral
        (select * from mo m where m.home = k.home and m.fingerprint = k.fingerprint limit 1) m
      left join lateral (select * from smpp_session s where s.id = m.session_id limit 1) s on true`,
  },
  keys: (keys) => [int2Array(keys, (key) => key.home), byteaArray(keys, (key) => key.fingerprint)],
  row: (column) => ({
    home: Number(column[0]),
    fingerprint: fromBytea(column[1]!),
    firstAt: Number(column[2]),
    receivedAt: Number(column[3]),
    sessionId: column[4]!,
    inDoubt: column[5] === 't',
    requestKey: fromBytea(column[6]!),
    provedUntil: Number(column[7]),
  }),
};

export const moWriter: RecordWriter<MoRecord> = {
  kind: 'mo',
  statement: reportingWrite(
    'mo',
    `insert into mo (home, fingerprint, first_at, received_at, session_id, in_doubt, request_key)
      select * from unnest($1::smallint[], $2::bytea[], $3::timestamptz[], $4::timestamptz[], $5::uuid[],
        $6::boolean[], $7::bytea[])
      on conflict (home, fingerprint) do update set first_at = excluded.first_at,
        received_at = excluded.received_at, session_id = excluded.session_id, in_doubt = excluded.in_doubt,
        request_key = excluded.request_key`,
  ),
  values: (rows) => [
    int2Array(rows, (row) => row.home),
    byteaArray(rows, (row) => row.fingerprint),
    timestamptzArray(rows, (row) => row.firstAt),
    timestamptzArray(rows, (row) => row.receivedAt),
    uuidArray(rows, (row) => row.sessionId),
    boolArray(rows, (row) => row.inDoubt),
    byteaArray(rows, (row) => row.requestKey),
  ],
};
