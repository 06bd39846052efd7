import { z } from 'zod';
import type { Clearing } from '../../clearing/clearing.ts';
import {
  linesAnswer,
  linesExample,
  minorField,
  pageQuery,
  periodParams,
  reasonField,
  shownLines,
  shownStatement,
  statementAnswer,
  statementExample,
} from './clearing-fields.ts';
import { partnerRoute, type PartnerRoute } from './route.ts';

const params = { period: '2026-01' };

/** A partner's own statements: read, compared line by line, confirmed or disputed. */
export function partnerStatementRoutes({ clearing }: { readonly clearing: Clearing }): PartnerRoute[] {
  return [
    partnerRoute({
      auth: 'partner',
      method: 'GET',
      path: '/partner/v1/statements',
      summary: 'Your statements, latest month first',
      answer: z.object({ statements: z.array(statementAnswer) }),
      example: { answer: { statements: [statementExample] } },
      handle: async ({ partner }) => ({
        statements: (await clearing.statements(partner.id)).map(shownStatement),
      }),
    }),
    partnerRoute({
      auth: 'partner',
      method: 'GET',
      path: '/partner/v1/statements/:period',
      summary: 'Your statement of a month',
      params: periodParams,
      answer: statementAnswer,
      example: { params, answer: statementExample },
      handle: async ({ partner }, input) =>
        shownStatement(await clearing.statementOf(input.params.period, partner.id)),
    }),
    partnerRoute({
      auth: 'partner',
      method: 'GET',
      path: '/partner/v1/statements/:period/lines',
      summary: 'The lines of your statement, in order',
      params: periodParams,
      query: pageQuery,
      answer: linesAnswer,
      example: { params, query: { after: '0', limit: '200' }, answer: linesExample },
      handle: async ({ partner }, { params: { period }, query: { after, limit } }) => {
        const statement = await clearing.statementOf(period, partner.id);
        return shownLines(await clearing.lines(statement, after, limit + 1), limit);
      },
    }),
    partnerRoute({
      auth: 'partner',
      method: 'POST',
      path: '/partner/v1/statements/:period/answer',
      summary: 'The sum that you came to: confirms the statement when it is the same, disputes it when not',
      params: periodParams,
      body: z.strictObject({ netMinor: minorField, reason: reasonField }),
      answer: statementAnswer,
      example: {
        params,
        body: { netMinor: '74000', reason: 'agreed' },
        answer: { ...statementExample, state: 'confirmed', reason: 'agreed', saidMinor: '74000' },
      },
      handle: async ({ partner, key }, { params: { period }, body: { netMinor, reason } }) =>
        shownStatement(await clearing.answer(period, partner.id, key, { saidMinor: netMinor, reason })),
    }),
  ];
}
