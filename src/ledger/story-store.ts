import type { Db } from '../storage/postgres.ts';
import { CHANNELS } from '../values/trace.ts';
import { formatRef, homeOf, HOMES, SYSTEM, walletOf } from './keys.ts';
import { TRANSFER_KIND } from './records.ts';
import { readableVerdict } from './verdict.ts';

/** One request with everything that it left behind. */
export interface Story {
  readonly request: string;
  readonly trace: string;
  readonly at: Date;
  readonly channel: string;
  readonly actor: string;
  readonly operation: string;
  readonly outcome: unknown;
  readonly transfers: readonly {
    readonly ref: string;
    readonly kind: string;
    readonly from: string;
    readonly to: string;
    readonly points: string;
    readonly reason: string | null;
  }[];
  readonly messages: readonly { readonly state: string; readonly attempts: number; readonly text: string }[];
}

interface RequestRow {
  home: number;
  key: Buffer;
  trace: Buffer;
  channel: number;
  actor: string;
  operation: string;
  outcome: string;
  at: Date;
}

const COLUMNS = 'r.home, r.key, r.trace, r.channel, r.actor, r.operation, r.outcome, r.at';
const STORIES_MAX = 20;

/** By request key, or the newest of a subscriber: those that moved its points and those its channels asked for. */
export async function listStory(
  db: Db,
  about: { readonly request: Buffer } | { readonly subscriber: bigint },
): Promise<Story[]> {
  const rows = 'request' in about ? await byKey(db, about.request) : await bySubscriber(db, about.subscriber);
  return Promise.all(rows.map((row) => storyOf(db, row)));
}

/** The home of a request does not follow from its key: all of them are looked at, by index. */
function byKey(db: Db, key: Buffer): Promise<RequestRow[]> {
  return db.query<RequestRow>(
    `select ${COLUMNS} from generate_series(0, ${String(HOMES - 1)}) at_home
      join request r on r.home = at_home::smallint and r.key = $1 order by r.at desc limit ${String(STORIES_MAX)}`,
    [key],
  );
}

function bySubscriber(db: Db, subscriber: bigint): Promise<RequestRow[]> {
  const wallet = walletOf(subscriber);
  return db.query<RequestRow>(
    `with mine as (
       select t.request_home as home, t.request_key as key from posting p
         join transfer t on t.home = p.transfer_home and t.id = p.transfer
         where p.home = $1 and p.account = $2
       union select m.home, m.request_key from mo m join outbox o on o.home = m.home and o.trace = m.request_key
         where m.home = $1 and o.subscriber = $3
       union select o.home, o.trace from outbox o where o.home = $1 and o.subscriber = $3)
     select distinct ${COLUMNS} from mine join request r using (home, key)
      order by r.at desc limit ${String(STORIES_MAX)}`,
    [wallet.home, wallet.id, subscriber],
  );
}

async function storyOf(db: Db, row: RequestRow): Promise<Story> {
  const transfers = await db.query<{
    id: bigint;
    kind: number;
    src: bigint;
    dst: bigint;
    amount: bigint;
    reason: string | null;
  }>(
    `select id, kind, src, dst, amount, reason from transfer
      where request_home = $1 and request_key = $2 and at >= $3::timestamptz - interval '1 minute'
        and at <= $3::timestamptz + interval '1 minute' order by id`,
    [row.home, row.key, row.at],
  );
  const messages = await db.query<{ state: number; attempts: number; body: string }>(
    'select state, attempts, body from outbox where home = any ($1::smallint[]) and trace = $2 order by id',
    [homesOf(row, transfers), row.trace],
  );
  return {
    request: row.key.toString('hex'),
    trace: row.trace.toString('hex'),
    at: row.at,
    channel: CHANNELS[row.channel] ?? String(row.channel),
    actor: row.actor,
    operation: row.operation,
    outcome: readableVerdict(row.outcome),
    transfers: transfers.map((transfer) => ({
      ref: formatRef({
        account: Number(transfer.src < 0n ? transfer.dst : transfer.src),
        serial: Number(transfer.id),
      }),
      kind: nameOf(TRANSFER_KIND, transfer.kind),
      from: accountName(Number(transfer.src)),
      to: accountName(Number(transfer.dst)),
      points: transfer.amount.toString(),
      reason: transfer.reason,
    })),
    messages: messages.map(({ state, attempts, body }) => ({
      state: ['open', 'sent', 'shown', 'refused', 'unknown', 'withdrawn', 'expired'][state] ?? String(state),
      attempts,
      text: body,
    })),
  };
}

/** Where the messages of a request may lie: with who asked, and with those whose points moved. */
function homesOf(row: RequestRow, transfers: readonly { readonly src: bigint; readonly dst: bigint }[]) {
  const members = transfers.flatMap(({ src, dst }) => [src, dst]).filter((id) => id > 0n);
  return [row.home, ...members.map((id) => homeOf(Number(id)))];
}

function accountName(id: number): string {
  return id < 0 ? nameOf(SYSTEM, id) : `account ${id.toString(36)}`;
}

function nameOf(names: Readonly<Record<string, number>>, value: number): string {
  return Object.entries(names).find(([, number]) => number === value)?.[0] ?? String(value);
}
