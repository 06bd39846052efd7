/** What redemptions and the sale of points need of the operator's billing system; the wire is passed in by the daemon. */

/**
 * Switches a service on (or off again) for a number, exactly once per key: a repetition with the same key answers what
 * the first one did, which is how an unanswered call is resolved.
 *
 * Rejects with a Fault when it is not known what billing did; the same call is made again later.
 */
export type SwitchService = (order: {
  readonly key: string;
  readonly msisdn: string;
  readonly service: string;
  readonly on: boolean;
}) => Promise<BillingAnswer>;

/** Moves money on the subscriber's billing account, exactly once per key. Rejects with a Fault when unknown. */
export type MoveMoney = (order: {
  readonly key: string;
  readonly msisdn: string;
  readonly direction: 'charge' | 'refund';
  /** Minor units, positive. */
  readonly minor: bigint;
  readonly currency: string;
}) => Promise<BillingAnswer>;

export type BillingAnswer = { readonly kind: 'done' } | { readonly kind: 'refused'; readonly reason: string };
