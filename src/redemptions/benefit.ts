import type { AccountKey } from '../ledger/keys.ts';
import { BENEFIT_STATE, type BenefitRecord } from '../ledger/kinds/benefit.ts';
import type { View } from '../ledger/operation.ts';
import type { BenefitTerms } from '../price-list/price-list.ts';
import { DAY_MS } from '../values/instant.ts';

/** The benefit that an item gives from now on; undefined for an item that gives none. */
export function benefitOf(
  view: View,
  { home, id }: AccountKey,
  terms: BenefitTerms | undefined,
  item: string,
): BenefitRecord | undefined {
  if (terms === undefined) return undefined;
  const { scope, service, effect, value, stackGroup, priority, days, uses } = terms;
  return {
    home,
    account: id,
    serial: view.serial(),
    source: 'redemption',
    reference: item,
    scope,
    service,
    effect,
    value,
    validFrom: view.now,
    validTo: days === undefined ? null : view.now + days * DAY_MS,
    usesLeft: uses ?? null,
    stackGroup,
    priority,
    state: BENEFIT_STATE.active,
    createdAt: view.now,
  };
}
