import { z } from 'zod';
import { ITEM_KINDS, type ListedItem } from './price-list.ts';

/** A price list as staff write it, in `conf/price-list.yaml` or over HTTP. */

const wholePoints = z.int().min(1).max(1_000_000_000);
const day = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const datedPrice = z.strictObject({
  from: day.optional().describe('first instant of the price, for example 2026-12-01T00:00:00+03:00'),
  to: day.optional().describe('first instant after it'),
  points: wholePoints,
});

const benefit = z
  .strictObject({
    scope: z.enum(['one_time', 'periodic', 'usage']).describe('one fee, so many periods, or all use'),
    service: z.string().regex(/^[a-z0-9_.]{1,40}$/, 'is a service of the tariff, for example voice.national'),
    discountPpm: z.int().min(1).max(1_000_000).optional().describe('taken off, in millionths (200000: 20 %)'),
    discountMinor: z.int().min(1).optional().describe('taken off, in minor units of money'),
    units: z.int().min(1).optional().describe('free units: minutes, megabytes, messages'),
    days: z.int().min(1).max(3_650).optional().describe('how long it lasts'),
    uses: z.int().min(1).optional().describe('how many uses or periods'),
    stackGroup: z.string().min(1).max(40).default('default').describe('of one group only the best applies'),
    priority: z.int().min(0).max(1000).default(100),
  })
  .refine(
    ({ discountPpm, discountMinor, units }) =>
      [discountPpm, discountMinor, units].filter((one) => one !== undefined).length === 1,
    { message: 'has exactly one of discountPpm, discountMinor, units' },
  );

const item = z
  .strictObject({
    // With a letter, since items are also asked for by their number in the list.
    code: z
      .string()
      .regex(
        /^(?=.*[A-Za-z])[A-Za-z0-9]{1,20}$/,
        'is 1 to 20 letters and digits with a letter among them, for example minutes60',
      ),
    name: z.strictObject({ en: z.string().min(1).max(60), ru: z.string().min(1).max(60) }),
    kind: z.enum(ITEM_KINDS).default('service'),
    points: wholePoints.optional().describe('the price, when it has no dates'),
    prices: z.array(datedPrice).min(1).max(100).optional().describe('dated prices that do not overlap'),
    stock: z
      .strictObject({ pool: z.int().min(1).max(1_000_000), initially: z.int().min(1).max(1_000_000_000) })
      .optional(),
    voucherPattern: z
      .string()
      .regex(/^[A-Z0-9-]*#[A-Z0-9#-]*$/, 'holds at least one #, for example CF-####')
      .optional(),
    benefit: benefit.optional(),
    provision: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,40}$/)
      .optional()
      .describe('service that the billing system switches on before the points are taken'),
    cancelDays: z.int().min(0).max(365).default(0).describe('days within which it may be given back'),
    perMember: z
      .strictObject({
        id: z.int().min(1).max(700).describe('number of the limit, for ever'),
        count: z.int().min(1).max(10_000),
        window: z.enum(['day', 'month', 'ever']),
      })
      .optional(),
  })
  .superRefine(({ points, prices }, context) => {
    if ((points === undefined) === (prices === undefined)) {
      context.addIssue({ code: 'custom', path: ['points'], message: 'has either points or prices' });
    }
    overlapOf(prices ?? []).forEach((index) =>
      context.addIssue({ code: 'custom', path: ['prices', index], message: 'overlaps an earlier price' }),
    );
  });

export const priceListDraft = z
  .strictObject({ items: z.array(item).min(1).max(99) })
  .superRefine(({ items }, context) => {
    items.forEach(({ code, perMember }, index) => {
      const earlier = items.slice(0, index);
      if (earlier.some((other) => other.code.toLowerCase() === code.toLowerCase())) {
        context.addIssue({
          code: 'custom',
          path: ['items', index, 'code'],
          message: `${code} is used above`,
        });
      }
      if (perMember !== undefined && earlier.some((other) => other.perMember?.id === perMember.id)) {
        context.addIssue({
          code: 'custom',
          path: ['items', index, 'perMember', 'id'],
          message: `${String(perMember.id)} is used above`,
        });
      }
    });
  });

export type PriceListDraft = z.output<typeof priceListDraft>;
type ItemDraft = PriceListDraft['items'][number];

/** Indexes of prices that share an instant with one before them. */
function overlapOf(prices: readonly { from?: number | undefined; to?: number | undefined }[]): number[] {
  return prices.flatMap(({ from = -Infinity, to = Infinity }, index) => {
    const empty = from >= to;
    const met = prices
      .slice(0, index)
      .some((other) => from < (other.to ?? Infinity) && (other.from ?? -Infinity) < to);
    return empty || met ? [index] : [];
  });
}

export function listedItems(draft: PriceListDraft): ListedItem[] {
  return draft.items.map((one, index) => ({
    number: index + 1,
    code: one.code,
    name: one.name,
    kind: one.kind,
    prices: pricesOf(one),
    cancelDays: one.cancelDays,
    ...(one.stock !== undefined && { stockPool: one.stock.pool }),
    ...(one.voucherPattern !== undefined && { voucherPattern: one.voucherPattern }),
    ...(one.benefit !== undefined && { benefit: benefitOf(one.benefit) }),
    ...(one.provision !== undefined && { provision: one.provision }),
    ...(one.perMember !== undefined && { perMember: one.perMember }),
  }));
}

function pricesOf({ points, prices }: ItemDraft): ListedItem['prices'] {
  if (points !== undefined) return [{ points: BigInt(points) }];
  return prices!.map((price) => ({ ...price, points: BigInt(price.points) }));
}

function benefitOf(draft: NonNullable<ItemDraft['benefit']>): NonNullable<ListedItem['benefit']> {
  const { scope, service, days, stackGroup, priority } = draft;
  const uses = draft.units ?? draft.uses;
  return {
    scope,
    service,
    ...effectOf(draft),
    ...(days !== undefined && { days }),
    ...(uses !== undefined && { uses: BigInt(uses) }),
    stackGroup,
    priority,
  };
}

function effectOf({ discountPpm, discountMinor, units }: NonNullable<ItemDraft['benefit']>) {
  if (discountPpm !== undefined)
    return { effect: 'factor_ppm' as const, value: 1_000_000n - BigInt(discountPpm) };
  if (discountMinor !== undefined) return { effect: 'fixed_minor' as const, value: BigInt(discountMinor) };
  return { effect: 'units' as const, value: BigInt(units!) };
}
