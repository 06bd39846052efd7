import { z } from 'zod';
import type { ReportLine } from '../../reports/programme-report.ts';
import { pointsAnswer } from './fields.ts';
import { route, type Route } from './route.ts';

/** Months of the programme's zone, both included; all there are when absent. */
export interface ReportMonths {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** What staff read about the programme as a whole; given by the daemon. */
export interface ReportsApi {
  readonly programme: (months: ReportMonths) => Promise<readonly ReportLine[]>;
}

/** A month as people write it, for example 2026-01. */
export const monthField = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month, for example 2026-01')
  .meta({ description: "a month of the programme's time zone, for example 2026-01" });

const lineAnswer = z.object({
  month: monthField,
  issuer: z.int().meta({ description: 'partner whose points these are; 0 is the operator' }),
  issued: pointsAnswer,
  redeemed: pointsAnswer,
  expired: pointsAnswer,
  reversed: pointsAnswer.meta({ description: 'taken back: reversed earnings, adjustments, settled debt' }),
  restored: pointsAnswer.meta({ description: 'given back: reversed redemptions' }),
  outstanding: pointsAnswer.meta({ description: 'in wallets and holds at the end of the month' }),
});

/** Reports over the journal. */
export function reportRoutes({ reports }: { readonly reports: ReportsApi }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/reports/programme',
      scope: 'reports:read',
      summary: 'Points issued, redeemed, expired, taken back and outstanding, by month and issuer',
      query: z.strictObject({ from: monthField.optional(), to: monthField.optional() }),
      answer: z.object({ lines: z.array(lineAnswer) }),
      example: {
        query: { from: '2026-01', to: '2026-01' },
        answer: {
          lines: [
            {
              month: '2026-01',
              issuer: 0,
              issued: '1500',
              redeemed: '400',
              expired: '0',
              reversed: '100',
              restored: '0',
              outstanding: '1000',
            },
          ],
        },
      },
      handle: async (_actor, { query }) => ({
        lines: (await reports.programme(query)).map((line) => ({
          ...line,
          issued: String(line.issued),
          redeemed: String(line.redeemed),
          expired: String(line.expired),
          reversed: String(line.reversed),
          restored: String(line.restored),
          outstanding: String(line.outstanding),
        })),
      }),
    }),
  ];
}
