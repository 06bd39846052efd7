import type { Db } from '../storage/postgres.ts';
import {
  ACCEPTED,
  BINDING_KINDS,
  DECLINED,
  FOREVER_S,
  MEMBER,
  type BindingKind,
  type SnapshotChunk,
} from './changes.ts';

/** Rows of one chunk: a chunk must load within a few milliseconds in a process that answers ICAP meanwhile. */
const PAGE_ROWS = 5_000;

/** Everything redirect decisions need, page by page in key order; changes made meanwhile are in the change feed. */
export async function* listSnapshot(db: Db, pageRows = PAGE_ROWS): AsyncGenerator<SnapshotChunk> {
  yield await hosts(db);
  for (const kind of BINDING_KINDS) yield* bindings(db, kind, pageRows);
  yield* subscribers(db, pageRows);
}

async function hosts(db: Db): Promise<SnapshotChunk> {
  const rows = await db.query<{ host: string; merchant_id: number }>(
    `select host, merchant_id from cashback_host order by host`,
  );
  return {
    table: 'hosts',
    hosts: rows.map((row) => row.host),
    merchants: Float64Array.from(rows, (row) => row.merchant_id),
  };
}

async function* bindings(db: Db, kind: BindingKind, pageRows: number): AsyncGenerator<SnapshotChunk> {
  for (let after = ''; ;) {
    const rows = await db.query<{ key: string; subscriber_id: bigint; valid_to_s: string }>(
      `select key, subscriber_id, coalesce(floor(extract(epoch from valid_to)), $4)::text as valid_to_s
         from cashback_binding where kind = $1 and key > $2 order by key limit $3`,
      [kind, after, pageRows, FOREVER_S],
    );
    if (rows.length === 0) return;
    yield {
      table: kind,
      keys: rows.map((row) => row.key),
      subscribers: Float64Array.from(rows, (row) => Number(row.subscriber_id)),
      validToS: Uint32Array.from(rows, (row) => Math.min(Number(row.valid_to_s), FOREVER_S)),
    };
    after = rows.at(-1)!.key;
  }
}

/** Those of the audience, and those who are not in it but answered or saw an offer. */
async function* subscribers(db: Db, pageRows: number): AsyncGenerator<SnapshotChunk> {
  for (let after = 0n; ;) {
    const rows = await db.query<{
      id: bigint;
      member: boolean;
      answer: string | null;
      shown_s: string | null;
    }>(
      `with page as (
         select id from (
           (select subscriber_id as id from cashback_audience where subscriber_id > $1 order by 1 limit $2)
           union
           (select distinct subscriber_id from cashback_answer where subscriber_id > $1 order by 1 limit $2)
           union
           (select distinct subscriber_id from cashback_shown where subscriber_id > $1 order by 1 limit $2)
         ) as candidates order by id limit $2
       )
       select page.id,
              exists (select from cashback_audience where subscriber_id = page.id and opted_out_at is null) as member,
              (select answer from cashback_answer where subscriber_id = page.id order by version desc limit 1) as answer,
              (select extract(epoch from max(shown_at))::bigint::text from cashback_shown
                where subscriber_id = page.id) as shown_s
         from page order by page.id`,
      [after, pageRows],
    );
    if (rows.length === 0) return;
    yield {
      table: 'subscribers',
      ids: Float64Array.from(rows, (row) => Number(row.id)),
      flags: Uint8Array.from(rows, (row) => (row.member ? MEMBER : 0) + answerFlag(row.answer)),
      shownAtS: Uint32Array.from(rows, (row) => Number(row.shown_s ?? 0)),
    };
    after = rows.at(-1)!.id;
  }
}

function answerFlag(answer: string | null): number {
  if (answer === null) return 0;
  return answer === 'accepted' ? ACCEPTED : DECLINED;
}
