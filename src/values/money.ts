/** An amount in minor units of an ISO 4217 currency: `{ minor: 12550n, currency: 'RUB' }` is 125.50 roubles. */
export interface Money {
  readonly minor: bigint;
  readonly currency: string;
}
