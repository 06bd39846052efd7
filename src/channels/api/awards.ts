import { z } from 'zod';
import type { AwardSelection, AwardSum } from '../../cancellations/award-store.ts';
import type { Cancelled } from '../../cancellations/cancel-awards.ts';
import { instantField, pointsAnswer } from './fields.ts';
import { route, type ApiActor, type Route } from './route.ts';

/** Awards taken back in bulk; given by the daemon. */
export interface AwardsApi {
  readonly preview: (selection: AwardSelection) => Promise<AwardSum>;
  /** Up to ten thousand at a time; `more` when there are others. */
  readonly cancel: (actor: ApiActor, selection: AwardSelection, reason: string) => Promise<Cancelled>;
}

export const awardSelection = {
  source: z.enum(['rule', 'assessment', 'scenario', 'campaign']).default('rule'),
  reference: z
    .string()
    .min(1)
    .max(100)
    .meta({ description: 'name of the rule, assessment or scenario that gave the points' }),
  from: instantField,
  to: instantField.meta({ description: 'not included' }),
};

/** Cancellation of awards by mistake of a rule. */
export function awardRoutes({ awards }: { readonly awards: AwardsApi }): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/awards/cancellations',
      scope: 'ledger:write',
      summary: 'Take back what a rule gave within a time; with dryRun only say what that would be',
      body: z
        .strictObject({
          ...awardSelection,
          reason: z.string().min(1).max(200),
          dryRun: z.boolean().default(true),
        })
        .refine(({ from, to }) => from < to, 'ends after it begins'),
      answer: z.object({
        awards: z.number(),
        points: pointsAnswer,
        debt: pointsAnswer.optional().meta({ description: 'spent already, and owed now' }),
        more: z.boolean().optional().meta({ description: 'send the same again to go on' }),
        dryRun: z.boolean(),
      }),
      example: {
        body: {
          ...{
            reference: 'double-points',
            from: '2026-01-01T00:00:00+03:00',
            to: '2026-01-02T00:00:00+03:00',
          },
          ...{ reason: 'rule published with a wrong factor', dryRun: false },
        },
        answer: { awards: 120, points: '45000', debt: '310', more: false, dryRun: false },
      },
      handle: async (actor, { body: { reason, dryRun, ...selection } }) => {
        if (dryRun) {
          const { awards: count, points } = await awards.preview(selection);
          return { awards: Number(count), points: String(points), dryRun };
        }
        const { awards: count, points, debt, more } = await awards.cancel(actor, selection, reason);
        return { awards: count, points: String(points), debt: String(debt), more, dryRun };
      },
    }),
  ];
}
