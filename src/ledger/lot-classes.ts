/** What the points of a lot have in common. Immutable; interned once, referred to by number. */
export interface LotClass {
  readonly id: number;
  readonly programme: number;
  readonly source: LotSource;
  /** Partner whose points these are; 0 is the operator. */
  readonly issuer: number;
  /** Settlement cost per point, a rational in minor units of money. */
  readonly costNum: bigint;
  readonly costDen: bigint;
  readonly transferable: boolean;
  /** Whether lots of this class may merge. */
  readonly fungible: boolean;
  /** How many transfers lie between the first earning and this lot. */
  readonly depth: number;
}

/** Spending order within one expiry (bonus-core §3.2). */
export const LOT_SOURCES = [
  'earned',
  'gift',
  'transfer',
  'regrant',
  'goodwill',
  'bought',
  'converted',
] as const;
export type LotSource = (typeof LOT_SOURCES)[number];

/** A lot names a class that this daemon has not read: another one may have interned it meanwhile. */
export class UnknownLotClass extends Error {
  override readonly name = 'UnknownLotClass';
}

export type LotClassTraits = Omit<LotClass, 'id'>;

export function rankOfSource(source: LotSource): number {
  return LOT_SOURCES.indexOf(source);
}

/** Points the operator gives for a subscriber's own doings: cost nothing to settle, may be passed on. */
export const EARNED: LotClassTraits = {
  programme: 0,
  source: 'earned',
  issuer: 0,
  costNum: 0n,
  costDen: 1n,
  transferable: true,
  fungible: true,
  depth: 0,
};

export const GOODWILL: LotClassTraits = { ...EARNED, source: 'goodwill' };

/** Identity of a class's traits, for interning. */
export function traitsKey(traits: LotClassTraits): string {
  const { programme, source, issuer, costNum, costDen, transferable, fungible, depth } = traits;
  return [programme, source, issuer, costNum, costDen, transferable, fungible, depth].join('/');
}
