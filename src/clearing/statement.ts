import { floorDiv, MICRO, roundHalfEven } from '../partners/rate.ts';
import type { Line, LineKind } from './line.ts';

export interface StatementLine extends Line {
  /** From 1. */
  readonly number: number;
  /** Its part of the statement's whole minor units. */
  readonly amountMinor: bigint;
}

/** What a party pays (positive) or is paid for a period, and why. */
export interface Statement {
  readonly party: number;
  readonly lines: readonly StatementLine[];
  readonly netMicro: bigint;
  readonly netMinor: bigint;
  /** Whole minor units by kind of line; they sum to the net. */
  readonly minorOf: Readonly<Record<LineKind, bigint>>;
}

/**
 * One statement for each party. The exact sum is rounded once, half to even; what the lines lack or exceed is given to
 * those with the largest remainders, the first ones first, so that the lines sum to the total (bonus-core §3.0).
 */
export function statementsOf(lines: readonly Line[]): Statement[] {
  const parties = [...new Set(lines.map(({ party }) => party))].sort((a, b) => a - b);
  return parties.map((party) =>
    statementOf(
      party,
      lines.filter((line) => line.party === party),
    ),
  );
}

function statementOf(party: number, lines: readonly Line[]): Statement {
  const netMicro = lines.reduce((sum, { amountMicro }) => sum + amountMicro, 0n);
  const netMinor = roundHalfEven(netMicro);
  const shared = allot(lines, netMinor);
  const minorOf = { issue: 0n, burn: 0n, breakage: 0n, prepaid: 0n, correction: 0n };
  for (const { kind, amountMinor } of shared) minorOf[kind] += amountMinor;
  return { party, lines: shared, netMicro, netMinor, minorOf };
}

function allot(lines: readonly Line[], netMinor: bigint): StatementLine[] {
  const floors = lines.map(({ amountMicro }) => floorDiv(amountMicro));
  const left = Number(netMinor - floors.reduce((sum, floor) => sum + floor, 0n));
  const remainder = (index: number): bigint => lines[index]!.amountMicro - floors[index]! * MICRO;
  const largest = lines
    .map((_, index) => index)
    .sort((a, b) => Number(remainder(b) - remainder(a)) || a - b)
    .slice(0, left);
  for (const index of largest) floors[index]! += 1n;
  return lines.map((line, index) => ({ ...line, number: index + 1, amountMinor: floors[index]! }));
}
