import type { Programme } from '../bonus/programme.ts';
import type { PartnersConfig } from '../runtime/config/partners.ts';
import {
  authorise,
  capture,
  voidAuthorisation,
  type Authorisation,
  type Authorised,
  type HoldEnded,
} from './holds.ts';
import { getOperation, type PartnerActor, type PartnerOperationDeps } from './operation.ts';
import { recordPurchase, type Purchase, type Purchased } from './purchase.ts';
import { prepaidPool, quotaLeft } from './quota.ts';
import { refundHold, refundPurchase, type HoldRefund, type PurchaseRefund, type Refunded } from './refund.ts';

/** What a partner can do by itself; each operation once, by the partner's own number of it. */
export interface PartnerApi {
  purchase(actor: PartnerActor, purchase: Purchase): Promise<Purchased>;
  refundPurchase(actor: PartnerActor, refund: PurchaseRefund): Promise<Refunded>;
  showPurchase(actor: PartnerActor, id: string): Promise<PurchaseView>;
  authorise(actor: PartnerActor, authorisation: Authorisation): Promise<Authorised>;
  capture(actor: PartnerActor, id: string, points: bigint): Promise<HoldEnded>;
  voidHold(actor: PartnerActor, id: string): Promise<HoldEnded>;
  refundHold(
    actor: PartnerActor,
    refund: HoldRefund,
  ): Promise<Refunded & { readonly lapsed: bigint | undefined }>;
  /** Points bought in advance and not yet given. */
  prepaid(actor: PartnerActor): Promise<bigint>;
}

export interface PurchaseView {
  readonly points: bigint;
  readonly minor: bigint;
  readonly refundedMinor: bigint;
  readonly occurredAt: number;
}

export function createPartnerApi(
  deps: PartnerOperationDeps,
  config: () => PartnersConfig,
  programme: () => Programme,
): PartnerApi {
  const purchases = () => ({ ...deps, programme, currency: config().currency });
  const holds = () => ({ ...deps, holdMs: config().holdMs, holdMaxMs: config().holdMaxMs });
  return {
    purchase: (actor, purchase) => recordPurchase(purchases(), actor, purchase),
    refundPurchase: (actor, refund) => refundPurchase(deps, actor, refund),
    showPurchase: async (actor, id) => {
      const { points, minor, refundedMinor, occurredAt } = await getOperation(deps, actor, 'purchase', id);
      return { points, minor: minor ?? 0n, refundedMinor, occurredAt };
    },
    authorise: (actor, authorisation) => authorise(holds(), actor, authorisation),
    capture: (actor, id, points) => capture(holds(), actor, id, points),
    voidHold: (actor, id) => voidAuthorisation(holds(), actor, id),
    refundHold: (actor, refund) => refundHold(deps, actor, refund),
    prepaid: ({ partner }) => quotaLeft(deps.pool, prepaidPool(partner.id)),
  };
}
