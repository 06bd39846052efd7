import { z } from 'zod';
import { BRAKES } from '../../controls/brake-store.ts';
import type { Brakes } from '../../controls/brakes.ts';
import { instant } from '../../values/instant.ts';
import { instantAnswer, isoOf } from './fields.ts';
import { route, type Route } from './route.ts';

export const brakeField = z.enum(BRAKES);

const brakeAnswer = z.object({
  brake: brakeField,
  engaged: z.boolean(),
  reason: z.string().optional(),
  actor: z.string().optional(),
  at: instantAnswer.optional(),
});

const example = {
  ...{ brake: 'transfers', engaged: true, reason: 'ring of transfers', actor: 'fraud desk' },
  at: '2026-01-31T09:00:00.000Z',
} as const;

export type ShownBrakes = Awaited<ReturnType<Brakes['list']>>;

export function shownBrake(state: ShownBrakes[number]): z.input<typeof brakeAnswer> {
  return 'at' in state ? { ...state, at: isoOf(instant(state.at.getTime())) } : state;
}

/** Emergency brakes: what can be stopped at once, for everybody. */
export function brakeRoutes({ brakes }: { readonly brakes: Pick<Brakes, 'list' | 'move'> }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/brakes',
      scope: 'controls:read',
      summary: 'Emergency brakes and who moved them last',
      answer: z.object({ brakes: z.array(brakeAnswer) }),
      example: { answer: { brakes: [example, { brake: 'messages', engaged: false }] } },
      handle: async () => ({ brakes: (await brakes.list()).map(shownBrake) }),
    }),
    route({
      method: 'PUT',
      path: '/v1/brakes/:brake',
      scope: 'controls:write',
      summary: 'Stop all transfers, redemptions, redirects or messages, or let them go on',
      params: z.object({ brake: brakeField }),
      body: z.strictObject({ engaged: z.boolean(), reason: z.string().min(1).max(200) }),
      answer: z.object({ brakes: z.array(brakeAnswer) }),
      example: {
        params: { brake: 'transfers' },
        body: { engaged: true, reason: 'ring of transfers' },
        answer: { brakes: [example] },
      },
      handle: async ({ name }, { params: { brake }, body }) => {
        await brakes.move({ brake, ...body, actor: name });
        return { brakes: (await brakes.list()).map(shownBrake) };
      },
    }),
  ];
}
