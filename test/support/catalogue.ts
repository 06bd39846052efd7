import type { CatalogueRoutesDeps } from '../../src/channels/api/catalogue.ts';
import { instant } from '../../src/values/instant.ts';
import { pricedItem } from './price-list.ts';

/** A catalogue of one item, of which one was ordered; publishing makes the next version. */
export function catalogueDouble(): Pick<CatalogueRoutesDeps, 'catalogue' | 'orders'> {
  const name = { en: 'Coffee', ru: 'Кофе' };
  let version = 1;
  return {
    catalogue: {
      current: () => ({ version, items: [pricedItem({ code: 'coffee', name, points: 80n })] }),
      publish: () => Promise.resolve(++version),
    },
    orders: () =>
      Promise.resolve([
        {
          number: 1,
          name,
          points: 80n,
          at: instant(1_000),
          state: 'fulfilled',
          cancelUntil: instant(2_000),
        },
      ]),
  };
}
