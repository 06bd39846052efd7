import { z } from 'zod';

/** Section `catalogue`: what points buy. */
export const catalogueConfig = z.strictObject({
  priceList: z
    .string()
    .min(1)
    .default('conf/price-list.yaml')
    .describe('the price list; a changed file is published as a new version at start'),
});

export type CatalogueConfig = z.output<typeof catalogueConfig>;
