import { z } from 'zod';
import type { Named } from '../../clearing/clearing.ts';
import type { StoredLine } from '../../clearing/statement-store.ts';
import { instant } from '../../values/instant.ts';
import { instantAnswer, isoOf, pointsAnswer } from './fields.ts';
import { monthField } from './reports.ts';

/** What statements and their lines look like in answers. */

const minorAnswer = z
  .string()
  .regex(/^-?\d+$/)
  .meta({ description: 'minor units; positive: the partner pays, negative: it is paid' });

export const minorField = z
  .string()
  .regex(/^-?\d{1,15}$/, 'minor units in a string, for example "-12550"')
  .transform(BigInt);

export const periodParams = z.object({ period: monthField });
export const reasonField = z.string().min(1).max(200);

export const statementAnswer = z.object({
  period: monthField,
  partner: z.string(),
  state: z.enum(['closed', 'confirmed', 'disputed', 'paid']),
  reason: z.string().optional(),
  saidMinor: minorAnswer.optional(),
  vatCode: z.string(),
  lines: z.int(),
  issueMinor: minorAnswer,
  burnMinor: minorAnswer,
  breakageMinor: minorAnswer,
  prepaidMinor: minorAnswer,
  correctionMinor: minorAnswer,
  netMinor: minorAnswer,
});

export function shownStatement(statement: Named): z.input<typeof statementAnswer> {
  const { period, code, state, reason, saidMinor, vatCode, lines } = statement;
  return {
    ...{ period, partner: code, state, vatCode, lines },
    ...(reason !== null && { reason }),
    ...(saidMinor !== null && { saidMinor: String(saidMinor) }),
    issueMinor: String(statement.issueMinor),
    burnMinor: String(statement.burnMinor),
    breakageMinor: String(statement.breakageMinor),
    prepaidMinor: String(statement.prepaidMinor),
    correctionMinor: String(statement.correctionMinor),
    netMinor: String(statement.netMinor),
  };
}

export const statementExample = {
  ...{ period: '2026-01', partner: 'books', state: 'closed', vatCode: 'VAT20', lines: 5 },
  ...{
    issueMinor: '114000',
    burnMinor: '-40000',
    breakageMinor: '0',
    prepaidMinor: '0',
    correctionMinor: '0',
  },
  netMinor: '74000',
} as const;

export const pageQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0).meta({ description: 'number of the last line you have' }),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
});

export const linesAnswer = z.object({
  lines: z.array(
    z.object({
      line: z.int(),
      kind: z.enum(['issue', 'burn', 'breakage', 'prepaid', 'correction']),
      points: pointsAnswer,
      rate: z.string().meta({ description: 'minor units for one point' }),
      amountMicro: z.string().meta({ description: 'exact, in millionths of a minor unit' }),
      amountMinor: minorAnswer,
      reference: z.string().optional().meta({ description: "the partner's own number of it" }),
      occurredAt: instantAnswer.optional(),
      postedAt: instantAnswer.optional(),
    }),
  ),
  next: z.int().optional().meta({ description: 'send as `after` to read on; absent on the last page' }),
});

export function shownLines(lines: readonly StoredLine[], limit: number): z.input<typeof linesAnswer> {
  const time = (at: Date | null) => (at === null ? undefined : isoOf(instant(at.getTime())));
  const last = lines.length > limit ? lines[limit - 1] : undefined;
  return {
    lines: lines.slice(0, limit).map((line) => ({
      ...{ line: line.line, kind: line.kind, points: String(line.points) },
      rate: `${String(line.rateNum)}/${String(line.rateDen)}`,
      ...{ amountMicro: String(line.amountMicro), amountMinor: String(line.amountMinor) },
      reference: line.reference ?? undefined,
      ...{ occurredAt: time(line.occurredAt), postedAt: time(line.postedAt) },
    })),
    ...(last !== undefined && { next: last.line }),
  };
}

export const linesExample = {
  lines: [
    {
      ...{
        line: 1,
        kind: 'issue',
        points: '125',
        rate: '12/1',
        amountMicro: '1500000000',
        amountMinor: '1500',
      },
      ...{
        reference: 'receipt-4711',
        occurredAt: '2026-01-31T09:00:00.000Z',
        postedAt: '2026-01-31T09:00:01.000Z',
      },
    },
  ],
} as const;
