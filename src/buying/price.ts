/** At what price points are sold: `minor` units of money for each `points`. */
export interface SellingPrice {
  readonly points: bigint;
  readonly minor: bigint;
  readonly currency: string;
}

/** What so many points cost: multiplied first, divided last, rounded up (bonus-core §3.0, §3.4.8). */
export function priceOfPoints(price: SellingPrice, points: bigint): bigint {
  return (points * price.minor + price.points - 1n) / price.points;
}

/** What is paid back for the unspent part of a purchase: rounded down (bonus-core §3.4.8). */
export function refundOfPoints(paidMinor: bigint, bought: bigint, unspent: bigint): bigint {
  return (paidMinor * unspent) / bought;
}
