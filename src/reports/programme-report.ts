import { SYSTEM } from '../ledger/keys.ts';
import { TRANSFER_KIND } from '../ledger/records.ts';
import type { Db } from '../storage/postgres.ts';

/** What became of the points of one issuer in one month of the programme's zone, in points. */
export interface ReportLine {
  /** `2026-01`. */
  readonly month: string;
  /** Partner whose points these are; 0 is the operator. */
  readonly issuer: number;
  /** Earned, bought or given. */
  readonly issued: bigint;
  /** Spent, captured from holds, and fees. */
  readonly redeemed: bigint;
  /** Lapsed, or left in a closed wallet. */
  readonly expired: bigint;
  /** Taken back: reversed earnings, adjustments against the member, settled debt. */
  readonly reversed: bigint;
  /** Given back: reversed redemptions. */
  readonly restored: bigint;
  /** In wallets and holds at the end of the month. */
  readonly outstanding: bigint;
}

export interface ReportPeriod {
  /** IANA zone in which months begin. */
  readonly zone: string;
  /** First month, `2026-01`; the first in which anything moved when absent. */
  readonly from?: string | undefined;
  /** Last month, itself included. */
  readonly to: string;
}

/**
 * The programme by month and issuer, read from the slices of the journal alone: issued + restored - redeemed - expired -
 * reversed, summed from the beginning, is what is outstanding (property P16). Months are without gaps.
 *
 * A slice names its class in octets 0..3 and its points in octets 16..23 of 30 (ledger/lots). Transfers between two
 * wallets change nobody's sum; pieces of stock and debts have no slices.
 */
export async function programmeReport(db: Db, { zone, from, to }: ReportPeriod): Promise<ReportLine[]> {
  return db.query<ReportLine>(REPORT, [zone, from ?? null, to]);
}

const { reverse, debt, adjust } = TRANSFER_KIND;
const TAKEN_BACK = `kind in (${[reverse, debt, adjust].join(', ')})`;

const REPORT = `
  with slice as (
    select t.kind, t.src, t.dst, c.issuer, s.points, date_trunc('month', t.at at time zone $1) as month
      from transfer t
      cross join lateral generate_series(0, length(t.slices) / 30 - 1) n
      cross join lateral (select
        ('x' || encode(substr(t.slices, n * 30 + 1, 4), 'hex'))::bit(32)::integer as class,
        ('x' || encode(substr(t.slices, n * 30 + 17, 8), 'hex'))::bit(64)::bigint as points) s
      join lot_class c on c.id = s.class
     where (t.src < 0) <> (t.dst < 0)
       and t.at < (($3::text || '-01')::timestamp + interval '1 month') at time zone $1
  ), moved as (
    select month, issuer,
        sum(points) filter (where src < 0 and kind <> ${String(reverse)}) as issued,
        sum(points) filter (where src < 0 and kind = ${String(reverse)}) as restored,
        sum(points) filter (where dst = ${String(SYSTEM.breakage)} and kind <> ${String(reverse)}) as expired,
        sum(points) filter (where dst < 0 and ${TAKEN_BACK}) as reversed,
        sum(points) filter (where dst < 0 and dst <> ${String(SYSTEM.breakage)} and not ${TAKEN_BACK}) as redeemed
      from slice group by month, issuer
  ), line as (
    select month, issuer,
        coalesce(issued, 0)::bigint as issued, coalesce(redeemed, 0)::bigint as redeemed,
        coalesce(expired, 0)::bigint as expired, coalesce(reversed, 0)::bigint as reversed,
        coalesce(restored, 0)::bigint as restored
      from (select distinct issuer from moved) i
      cross join (select generate_series(min(month), ($3::text || '-01')::timestamp, interval '1 month') as month
                    from moved) m
      left join moved using (month, issuer)
  ), report as (
    select to_char(month, 'YYYY-MM') as month, issuer, issued, redeemed, expired, reversed, restored,
        (sum(issued + restored - redeemed - expired - reversed)
          over (partition by issuer order by month))::bigint as outstanding
      from line
  )
  select * from report where month >= coalesce($2::text, '') order by month, issuer`;
