import { SYSTEM } from '../ledger/keys.ts';
import { TRANSFER_KIND } from '../ledger/records.ts';
import type { Db } from '../storage/postgres.ts';
import type { Moved, Movement } from './movement.ts';

/**
 * The journal as settlement reads it.
 *
 * A period takes what was posted before its end by a transaction below its horizon (none of those is still running),
 * and was in no period before. So what commits late is neither lost nor counted twice: it falls into the next period.
 * A slice names its class in octets 0..3 and its points in octets 16..23 of 30 (ledger/lots).
 */

export interface Window {
  /** End and horizon of the period before; from the beginning when absent. */
  readonly after: { readonly endsAt: number; readonly horizon: bigint } | undefined;
  readonly endsAt: number;
  readonly horizon: bigint;
}

/** The oldest transaction that may still be running: every row of an older one is committed or will never be. */
export async function findHorizon(db: Db): Promise<bigint> {
  const rows = await db.query<{ xid: string }>('select pg_snapshot_xmin(pg_current_snapshot())::text as xid');
  return BigInt(rows[0]!.xid);
}

/** Month of the programme's zone in which the first transfer was posted; undefined in an empty ledger. */
export async function findFirstTime(db: Db): Promise<number | undefined> {
  const rows = await db.query<{ at: Date | null }>('select min(at) as at from transfer');
  return rows[0]?.at?.getTime();
}

const { reverse, pool } = TRANSFER_KIND;
/** System accounts of a partner are those of the operator, sixteen further down (ledger/keys). */
const slotOf = (account: string): string => `(-${account} - 1) % 16`;
const partnerOf = (account: string): string => `((-${account} - 1) / 16)::integer`;
const slot = (account: keyof typeof SYSTEM): string => String(-SYSTEM[account] - 1);

const JOURNAL = `
  with moved as materialized (
    select t.home, t.id, t.kind, t.src, t.dst, t.amount, t.slices, t.request_key, t.at,
        case when t.kind = ${String(reverse)} and t.src < 0 and ${slotOf('t.src')} = ${slot('redeemed')} then 'burn'
             when t.src < 0 then 'issue'
             when ${slotOf('t.dst')} = ${slot('redeemed')} then 'burn'
             when ${slotOf('t.dst')} = ${slot('breakage')} then 'breakage'
             when ${slotOf('t.dst')} = ${slot('debt')} then 'debt'
             else 'issue' end as effect,
        t.kind = ${String(reverse)} and t.src = ${String(SYSTEM.debt)} as shortfall,
        -- given: counts; taken back, or spending undone: counts against
        case when t.src < 0 then (t.kind <> ${String(reverse)} or ${slotOf('t.src')} not in (${slot('redeemed')}, ${slot('debt')}))
             else (${slotOf('t.dst')} in (${slot('redeemed')}, ${slot('breakage')}, ${slot('debt')})) end as counts
      from transfer t
     where (t.at >= $1 or t.xid >= $2::text::xid8) and t.at < $3 and t.xid < $4::text::xid8
       and t.kind <> ${String(pool)} and (t.src < 0 or t.dst < 0)
  ), slice as (
    select m.*, c.issuer, c.cost_num, c.cost_den, case when m.counts then s.points else -s.points end as points
      from moved m
      cross join lateral generate_series(0, length(m.slices) / 30 - 1) n
      cross join lateral (select
        ('x' || encode(substr(m.slices, n * 30 + 1, 4), 'hex'))::bit(32)::integer as class,
        ('x' || encode(substr(m.slices, n * 30 + 17, 8), 'hex'))::bit(64)::bigint as points) s
      join lot_class c on c.id = s.class
     where not m.shortfall
    union all
    select m.*, ${partnerOf('m.dst')}, null, null, -m.amount from moved m where m.shortfall
  )`;

const MOVED = `${JOURNAL}
  select issuer,
      coalesce(sum(points) filter (where effect = 'issue'), 0)::bigint as issued,
      coalesce(sum(points) filter (where effect = 'burn'), 0)::bigint as redeemed,
      coalesce(sum(points) filter (where effect = 'breakage'), 0)::bigint as expired,
      coalesce(-sum(points) filter (where shortfall), 0)::bigint as "debtMade",
      coalesce(sum(points) filter (where effect = 'debt'), 0)::bigint as "debtSettled"
    from slice group by issuer order by issuer`;

/**
 * A purchase or hold is found by its transfer, a refund by its request. Only a partner's own operations stand on its
 * statement one by one; the operator's, and what happens by itself, are sums.
 */
const MOVEMENTS = `${JOURNAL},
  line as (
    select s.*, case s.effect when 'burn' then coalesce(${partnerOf('case when s.src < 0 then s.src else s.dst end')}, 0)
                              else s.issuer end as party,
        coalesce(op.agreement, rf.agreement) as agreed, coalesce(op.reference, rf.reference) as named,
        coalesce(op.occurred_at, rf.occurred_at) as occurred
      from slice s
      left join partner_operation op on op.home = s.home and op.transfer = s.id and op.kind in ('purchase', 'hold')
        and op.account = case when s.src > 0 then s.src else s.dst end
      left join partner_operation rf on rf.home = s.home and rf.request_key = s.request_key
        and rf.kind in ('purchase_refund', 'hold_refund') and s.kind = ${String(reverse)}
     where s.effect <> 'debt'
  ), settled as (
    select l.*, named is not null and party <> 0 as shown,
        coalesce(l.agreed, (select a.id from agreement a where a.partner = l.party and a.valid_from <= l.at
          order by a.valid_from desc limit 1)) as agreement
      from line l
  )
  select effect, party, issuer, case when effect = 'burn' then party end as acceptor,
      sum(points)::bigint as points,
      case when effect = 'issue' then cost_num end as "costNum", case when effect = 'issue' then cost_den end as "costDen",
      agreement, case when shown then id end as transfer, case when shown then named end as reference,
      case when shown then occurred end as "occurredAt", case when shown then at end as "postedAt"
    from settled group by effect, party, issuer, 4, 6, 7, 8, 9, 10, 11, 12 having sum(points) <> 0
    order by party, effect, "postedAt" nulls last, transfer, issuer, "costNum", "costDen", agreement`;

function valuesOf({ after, endsAt, horizon }: Window): unknown[] {
  const from = after === undefined ? '-infinity' : new Date(after.endsAt);
  return [from, String(after?.horizon ?? 0), new Date(endsAt), String(horizon)];
}

export function listMoved(db: Db, window: Window): Promise<Moved[]> {
  return db.query<Moved>(MOVED, valuesOf(window));
}

export function listMovements(db: Db, window: Window): Promise<Movement[]> {
  return db.query<Movement>(MOVEMENTS, valuesOf(window));
}
