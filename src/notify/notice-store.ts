import { homeOf } from '../ledger/keys.ts';
import { outboxWriter } from '../ledger/kinds/outbox.ts';
import type { NoticeDraft } from '../ledger/operation.ts';
import { NOTICE_CLASS, type LeasedOutbox, type NoticeClass } from '../ledger/records.ts';
import type { Db, PostgresPool } from '../storage/postgres.ts';
import type { Language } from '../values/language.ts';
import {
  ATTEMPT_STATE,
  NOTICE_STATE,
  type Attempt,
  type AttemptState,
  type NoticeState,
  type Planned,
  type Recipient,
} from './plan.ts';
import { NOTICE_CHANNELS, type NoticeChannel } from './ports.ts';

/** SQL over `notice` and `notice_attempt`; those of a ledger batch are written by `ledger/kinds/notice.ts`. */

/**
 * Writes notices of facts that are no ledger operation, in the caller's transaction if it has one. A fact that was
 * told before is left alone: calling again is harmless. Answers how many are new.
 */
export async function insertNotices(
  db: Db,
  drafts: readonly NoticeDraft[],
  trace: Buffer,
  now: number,
): Promise<number> {
  if (drafts.length === 0) return 0;
  const rows = await db.query(
    `insert into notice (home, account, fact, template, class, variables, trace, created_at, begins_at, due_at)
     select home, account, fact, template, class, variables, $7, $8, greatest(due_at, $8), greatest(due_at, $8)
     from unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[], $5::smallint[], $6::text[], $9::timestamptz[])
       n(home, account, fact, template, class, variables, due_at)
     on conflict do nothing returning 1`,
    [
      drafts.map(({ account }) => homeOf(account)),
      drafts.map(({ account }) => account),
      drafts.map(({ fact }) => fact),
      drafts.map(({ template }) => template),
      drafts.map((draft) => draft.class),
      drafts.map(({ variables }) => variables),
      trace,
      new Date(now),
      drafts.map(({ dueAt }) => (dueAt === undefined ? null : new Date(dueAt))),
    ],
  );
  return rows.length;
}

export interface NoticeKey {
  readonly home: number;
  readonly account: number;
  readonly fact: string;
}

/** What became of the message that an SMS attempt put into the outbox. */
export interface SmsFate {
  /** `OUTBOX_STATE`; null when the row is gone. */
  readonly outbox: number | null;
  /** `message_state` of each part, 0 where no receipt has come. */
  readonly parts: readonly number[];
}

export interface ClaimedNotice extends NoticeKey, Planned {
  readonly variables: string;
  readonly trace: Buffer;
  readonly state: number;
  /** As the database writes it. */
  readonly dueAt: string;
  readonly attempts: readonly (Attempt & { readonly sms?: SmsFate })[];
}

interface ClaimedRow {
  readonly home: number;
  readonly account: bigint;
  readonly fact: string;
  readonly template: string;
  readonly class: number;
  readonly variables: string;
  readonly trace: Buffer;
  readonly begins_at: Date;
  readonly state: number;
  readonly due_text: string;
  readonly attempts: readonly AttemptRow[] | null;
}

interface AttemptRow {
  readonly channel: number;
  readonly state: number;
  readonly begunAt: string;
  readonly tries: number;
  readonly outboxId: number | null;
  readonly outbox: number | null;
  readonly parts: readonly number[] | null;
}

const ATTEMPTS_OF_NOTICE = `
  select json_agg(json_build_object('channel', a.channel, 'state', a.state, 'begunAt', a.begun_at, 'tries', a.tries,
    'outboxId', a.outbox_id, 'outbox', o.state,
    'parts', (select array_agg(coalesce(p.message_state, 0)) from sms_part p
               where p.home = a.home and p.outbox_id = a.outbox_id)))
  from notice_attempt a left join outbox o on o.home = a.home and o.id = a.outbox_id
  where a.home = n.home and a.account = n.account and a.fact = n.fact`;

/** Takes notices whose turn it is and that nobody holds, with how their channels did so far. */
export async function claimNotices(
  db: Db,
  claim: {
    readonly owner: number;
    readonly now: number;
    readonly leaseUntil: number;
    readonly limit: number;
  },
): Promise<ClaimedNotice[]> {
  const rows = await db.query<ClaimedRow>(
    `with next as materialized (
       select home, account, fact from notice
       where state < 3 and due_at <= $1 and (lease_until is null or lease_until < $1)
       order by due_at limit $2 for update skip locked),
     claimed as (
       update notice n set lease_owner = $3, lease_until = $4 from next k
       where n.home = k.home and n.account = k.account and n.fact = k.fact returning n.*)
     select n.*, n.due_at::text as due_text, (${ATTEMPTS_OF_NOTICE}) as attempts from claimed n order by n.due_at`,
    [new Date(claim.now), claim.limit, claim.owner, new Date(claim.leaseUntil)],
  );
  return rows.map(({ account, begins_at: beginsAt, attempts, ...row }) => ({
    home: row.home,
    account: Number(account),
    fact: row.fact,
    template: row.template,
    class: row.class,
    variables: row.variables,
    trace: row.trace,
    state: row.state,
    dueAt: row.due_text,
    beginsAt: beginsAt.getTime(),
    attempts: (attempts ?? []).map(toAttempt),
  }));
}

function toAttempt(row: AttemptRow): Attempt & { readonly sms?: SmsFate } {
  return {
    channel: NOTICE_CHANNELS[row.channel]!,
    state: ATTEMPT_NAMES[row.state]!,
    begunAt: Date.parse(row.begunAt),
    tries: row.tries,
    ...(row.outboxId !== null && { sms: { outbox: row.outbox, parts: row.parts ?? [] } }),
  };
}

const ATTEMPT_NAMES = Object.keys(ATTEMPT_STATE) as AttemptState[];

/** Who the notices are for, as known now; subscribers who are gone are missing. */
export async function listRecipients(
  db: Db,
  subscribers: readonly number[],
): Promise<ReadonlyMap<number, Recipient>> {
  const rows = await db.query<{
    id: bigint;
    language: Language;
    zone: string;
    msisdn: string | null;
    address: string | null;
    digest: boolean | null;
    quiet_from: number | null;
    quiet_to: number | null;
    excluded: readonly { readonly class: number; readonly channel: number }[] | null;
  }>(
    `select s.id, s.language, s.zone, n.msisdn, m.address, p.digest, p.quiet_from, p.quiet_to,
       (select json_agg(json_build_object('class', e.class, 'channel', e.channel))
          from notice_exclusion e where e.subscriber = s.id) as excluded
     from subscriber s
       left join number n on n.subscriber = s.id and n.valid_to is null
       left join mail_address m on m.subscriber = s.id
       left join notice_preference p on p.subscriber = s.id
     where s.id = any ($1::bigint[]) and s.status <> 'terminated'`,
    [subscribers],
  );
  return new Map(
    rows.map((row) => [
      Number(row.id),
      {
        subscriber: row.id,
        language: row.language,
        zone: row.zone,
        msisdn: row.msisdn ?? undefined,
        mail: row.address ?? undefined,
        digest: row.digest ?? undefined,
        quiet:
          row.quiet_from === null || row.quiet_to === null
            ? undefined
            : { from: row.quiet_from, to: row.quiet_to },
        excluded: new Set(
          (row.excluded ?? []).map((one) => `${CLASS_NAMES[one.class]!} ${NOTICE_CHANNELS[one.channel]!}`),
        ),
      },
    ]),
  );
}

/** How a channel began, went on or ended, to be written. */
export interface AttemptWrite {
  readonly channel: NoticeChannel;
  readonly state: AttemptState;
  readonly detail?: string;
  readonly outboxId?: number;
  /** It begins, or is offered once more. */
  readonly begins: boolean;
}

export interface NoticeWrite extends NoticeKey {
  readonly state: NoticeState;
  /** When to look again; of no meaning for an end. */
  readonly dueAt: number;
  /** Only if it is still due as it was seen: news that came meanwhile must not wait. */
  readonly seenDueAt?: string;
  /** Kept by this daemon, because a push or an e-mail is under way. */
  readonly keepLease: boolean;
  /** Variables are wiped: they were a secret. */
  readonly wipe: boolean;
  readonly attempts: readonly AttemptWrite[];
  readonly outbox?: LeasedOutbox;
  /** Added to a digest that is due then. */
  readonly merge?: { readonly points: bigint; readonly dueAt: number };
}

/**
 * Writes what was decided about notices that this daemon holds, together with the messages that this puts into the
 * outbox: both or neither, so a message is never in the outbox twice. A notice that another daemon took over meanwhile
 * is passed over. Answers the facts that were written.
 */
export async function writeNotices(
  pool: PostgresPool,
  owner: number,
  writes: readonly NoticeWrite[],
  now: number,
): Promise<NoticeWrite[]> {
  if (writes.length === 0) return [];
  return pool.transaction(async (tx) => {
    const merged = await mergeIntoDigests(tx, owner, writes, now);
    const wanted = writes.filter((write) => write.merge === undefined || merged.has(digestOf(write)));
    const ours = await updateNotices(tx, owner, wanted, now);
    const kept = wanted.filter((write) => ours.has(`${String(write.account)} ${write.fact}`));
    await insertOutbox(
      tx,
      kept.flatMap(({ outbox }) => outbox ?? []),
    );
    await upsertAttempts(tx, kept, now);
    return kept;
  });
}

async function updateNotices(
  tx: Db,
  owner: number,
  writes: readonly NoticeWrite[],
  now: number,
): Promise<Set<string>> {
  const rows = await tx.query<{ account: bigint; fact: string }>(
    `update notice n set state = w.state,
       due_at = case when w.seen is null or n.due_at = w.seen then w.due_at else n.due_at end,
       lease_owner = case when w.keeps then n.lease_owner end,
       lease_until = case when w.keeps then n.lease_until end,
       variables = case when w.wipe then '{}' else n.variables end,
       done_at = case when w.state > 2 then $8::timestamptz end
     from unnest($1::smallint[], $2::bigint[], $3::text[], $4::smallint[], $5::timestamptz[], $6::boolean[], $7::boolean[],
       $10::timestamptz[]) w(home, account, fact, state, due_at, keeps, wipe, seen)
     where n.home = w.home and n.account = w.account and n.fact = w.fact and n.state < 3 and n.lease_owner = $9
     returning n.account, n.fact`,
    [
      writes.map(({ home }) => home),
      writes.map(({ account }) => account),
      writes.map(({ fact }) => fact),
      writes.map(({ state }) => NOTICE_STATE[state]),
      writes.map(({ dueAt }) => new Date(dueAt)),
      writes.map(({ keepLease }) => keepLease),
      writes.map(({ wipe }) => wipe),
      new Date(now),
      owner,
      writes.map(({ seenDueAt }) => seenDueAt ?? null),
    ],
  );
  return new Set(rows.map(({ account, fact }) => `${String(account)} ${fact}`));
}

async function insertOutbox(tx: Db, rows: readonly LeasedOutbox[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(outboxWriter.statement.plain, outboxWriter.values(rows));
}

async function upsertAttempts(tx: Db, writes: readonly NoticeWrite[], now: number): Promise<void> {
  const rows = writes.flatMap(({ home, account, fact, attempts }) =>
    attempts.map((attempt) => ({ home, account, fact, ...attempt })),
  );
  if (rows.length === 0) return;
  await tx.query(
    `insert into notice_attempt as a (home, account, fact, channel, state, detail, outbox_id, begun_at, ended_at)
     select w.home, w.account, w.fact, w.channel, w.state, w.detail, w.outbox_id, $9::timestamptz,
       case when w.begins then null else $9::timestamptz end
     from unnest($1::smallint[], $2::bigint[], $3::text[], $4::smallint[], $5::smallint[], $6::text[], $7::bigint[],
       $8::boolean[]) w(home, account, fact, channel, state, detail, outbox_id, begins)
     on conflict (home, account, fact, channel) do update set state = excluded.state, detail = coalesce(excluded.detail, a.detail),
       ended_at = excluded.ended_at, outbox_id = coalesce(excluded.outbox_id, a.outbox_id),
       tries = least(32000, a.tries + case when excluded.ended_at is null then 1 else 0 end)`,
    [
      rows.map(({ home }) => home),
      rows.map(({ account }) => account),
      rows.map(({ fact }) => fact),
      rows.map(({ channel }) => NOTICE_CHANNELS.indexOf(channel)),
      rows.map(({ state }) => ATTEMPT_STATE[state]),
      rows.map(({ detail }) => detail ?? null),
      rows.map(({ outboxId }) => outboxId ?? null),
      rows.map(({ begins }) => begins),
      new Date(now),
    ],
  );
}

/** Adds earnings up, one digest for each wallet and day. A digest that is on its way already takes no more. */
async function mergeIntoDigests(
  tx: Db,
  owner: number,
  writes: readonly NoticeWrite[],
  now: number,
): Promise<Set<string>> {
  const merges = writes.filter(({ merge }) => merge !== undefined);
  if (merges.length === 0) return new Set();
  // Only what is still ours may be added up, or it would count twice.
  const rows = await tx.query<{ account: bigint; fact: string }>(
    `with ours as (
       select w.*, n.trace from unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[])
         w(home, account, fact, digest, points, due_at)
       join notice n on n.home = w.home and n.account = w.account and n.fact = w.fact
         and n.state < 3 and n.lease_owner = $7
       for update of n)
     insert into notice as d (home, account, fact, template, class, variables, trace, created_at, begins_at, due_at)
     select home, account, digest, 'earned_digest', ${String(NOTICE_CLASS.service)},
       json_build_object('points', sum(points)::text, 'count', count(*))::text, (array_agg(trace))[1], $8, min(due_at), min(due_at)
     from ours group by home, account, digest
     on conflict (home, account, fact) do update set variables = json_build_object(
         'points', ((d.variables::json ->> 'points')::bigint + (excluded.variables::json ->> 'points')::bigint)::text,
         'count', (d.variables::json ->> 'count')::int + (excluded.variables::json ->> 'count')::int)::text
       where d.state = ${String(NOTICE_STATE.due)} and d.lease_owner is null
     returning d.account, d.fact`,
    [
      merges.map(({ home }) => home),
      merges.map(({ account }) => account),
      merges.map(({ fact }) => fact),
      merges.map(({ merge }) => digestFact(merge!.dueAt)),
      merges.map(({ merge }) => merge!.points),
      merges.map(({ merge }) => new Date(merge!.dueAt)),
      owner,
      new Date(now),
    ],
  );
  return new Set(rows.map(({ account, fact }) => `${String(account)} ${fact}`));
}

function digestOf({ account, merge }: NoticeWrite): string {
  return `${String(account)} ${digestFact(merge!.dueAt)}`;
}

function digestFact(dueAt: number): string {
  return `digest ${new Date(dueAt).toISOString()}`;
}

const CLASS_NAMES = Object.keys(NOTICE_CLASS) as NoticeClass[];
