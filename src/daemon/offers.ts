import type { PriceListDraft } from '../price-list/draft.ts';
import type { Config } from '../runtime/config/config.ts';

/** An installation cannot offer what it has no billing system for. @throws Error naming the first such offer */
export function checkOffers(config: Config, draft: PriceListDraft): void {
  if (config.billing.url !== undefined) return;
  const item = draft.items.find(({ provision }) => provision !== undefined);
  if (item !== undefined) {
    throw new Error(
      `${config.catalogue.priceList}: item ${item.code} has \`provision\`, which needs \`billing.url\` in the configuration`,
    );
  }
  if (config.programme.buying !== undefined) {
    throw new Error('`programme.buying` needs `billing.url`: there is no billing system to take the money');
  }
}
