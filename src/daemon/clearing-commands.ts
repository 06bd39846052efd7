import { z } from 'zod';
import { shownBatch } from '../channels/api/clearing.ts';
import { minorField, reasonField, shownStatement } from '../channels/api/clearing-fields.ts';
import { partnerCode } from '../channels/api/partner-fields.ts';
import { monthField } from '../channels/api/reports.ts';
import type { Clearing } from '../clearing/clearing.ts';
import { command, type Commands } from './command.ts';

const OPERATOR = 'operator';

/** `bonusgate clearing ...`: settlement with partners, as by the HTTP API. */
export function clearingCommands(clearing: Clearing): Commands {
  const statement = z.object({ period: monthField, partner: partnerCode });
  return {
    'clearing.list': async () => (await clearing.list()).map(shownBatch),
    'clearing.close': command(z.object({ period: monthField.optional() }), async ({ period }) =>
      shownBatch(
        await (period === undefined ? clearing.closeNext(OPERATOR) : clearing.close(period, OPERATOR)),
      ),
    ),
    'clearing.statements': async () => (await clearing.statements()).map(shownStatement),
    'clearing.show': command(statement, async ({ period, partner }) =>
      shownStatement(await clearing.statement(period, partner)),
    ),
    'clearing.lines': command(statement, async ({ period, partner }) =>
      clearing.file(await clearing.statement(period, partner)),
    ),
    'clearing.state': command(
      statement.extend({ state: z.enum(['confirmed', 'disputed', 'paid']), reason: reasonField }),
      async ({ period, partner, state, reason }) =>
        shownStatement(await clearing.decide(period, partner, OPERATOR, { state, reason })),
    ),
    'clearing.correct': command(
      z.object({
        partner: partnerCode,
        about: z.string().min(1).max(64),
        amountMinor: minorField.refine((minor) => minor !== 0n, 'a correction is not zero'),
        reason: reasonField,
        key: z.string().min(1),
      }),
      ({ partner, ...correction }) => clearing.correct(partner, OPERATOR, correction),
    ),
  };
}
