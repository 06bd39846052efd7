import type { TransferLimit } from '../ledger/decide/transfer.ts';
import type { SellingPrice } from '../buying/price.ts';
import { localDayNumber, localMonthNumber } from './calendar.ts';
import type { ExpiryPolicy } from './expiry.ts';

/** The rules of one bonus programme, as published by its operator. */
export interface Programme {
  /** IANA zone in which days and months of the programme begin. */
  readonly zone: string;
  readonly expiry: ExpiryPolicy;
  /** Below this many points a transfer or redemption by SMS needs no code. */
  readonly codeFrom: bigint;
  readonly pendingTtlMs: number;
  readonly transfer: TransferRules;
  /** Share of new points that pays off debt first, in ppm. */
  readonly debtSharePpm: bigint;
  /** At what price points are sold; absent: they are not. */
  readonly buying?: BuyingRules | undefined;
  /** Points per amount of money, by event type. */
  readonly earning: readonly EarningRate[];
}

export interface TransferRules {
  readonly feePpm: bigint;
  readonly pointsMin: bigint;
  readonly pointsMax: bigint;
  readonly perDay: { readonly count: number; readonly points: bigint };
  readonly perMonth: { readonly count: number; readonly points: bigint };
  /** What one subscriber may get from others. */
  readonly received: {
    readonly perDay: { readonly count: number; readonly points: bigint };
    readonly perMonth: { readonly count: number; readonly points: bigint };
  };
}

export interface BuyingRules extends SellingPrice {
  readonly pointsMin: bigint;
  readonly pointsMax: bigint;
  readonly perMonth: bigint;
}

export interface EarningRate {
  /** Number of the rule; its carry and cap are kept under it. */
  readonly rule: number;
  readonly event: string;
  readonly currency: string;
  /** One point for each of these minor units. */
  readonly minorPerPoint: bigint;
  readonly dailyCap?: bigint | undefined;
}

/** Numbers under which limit counters are kept in the account row. */
const POLICY = { sentDaily: 1, sentMonthly: 2, receivedDaily: 3, receivedMonthly: 4 } as const;

export function transferLimits(programme: Programme): TransferLimit[] {
  const { zone, transfer } = programme;
  return [
    {
      name: 'transfer_daily',
      side: 'sender',
      policy: POLICY.sentDaily,
      windowStart: (now) => localDayNumber(now, zone),
      countMax: transfer.perDay.count,
      amountMax: transfer.perDay.points,
    },
    {
      name: 'transfer_monthly',
      side: 'sender',
      policy: POLICY.sentMonthly,
      windowStart: (now) => localMonthNumber(now, zone),
      countMax: transfer.perMonth.count,
      amountMax: transfer.perMonth.points,
    },
    {
      name: 'received_daily',
      side: 'recipient',
      policy: POLICY.receivedDaily,
      windowStart: (now) => localDayNumber(now, zone),
      countMax: transfer.received.perDay.count,
      amountMax: transfer.received.perDay.points,
    },
    {
      name: 'received_monthly',
      side: 'recipient',
      policy: POLICY.receivedMonthly,
      windowStart: (now) => localMonthNumber(now, zone),
      countMax: transfer.received.perMonth.count,
      amountMax: transfer.received.perMonth.points,
    },
  ];
}

/** The fee of a transfer, rounded down (bonus-core §3.4.3). */
export function transferFee(rules: TransferRules, points: bigint): bigint {
  return (points * rules.feePpm) / 1_000_000n;
}

export function findRate(programme: Programme, event: string, currency: string): EarningRate | undefined {
  return programme.earning.find((rate) => rate.event === event && rate.currency === currency);
}

/** Points for an amount, rounded down; what is left below one point waits for the next event (bonus-core §3.4.6). */
export function pointsFor(
  rate: EarningRate,
  minor: bigint,
  remainder: bigint,
): { points: bigint; remainder: bigint } {
  const total = minor + remainder;
  return { points: total / rate.minorPerPoint, remainder: total % rate.minorPerPoint };
}
