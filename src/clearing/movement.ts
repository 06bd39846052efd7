/** What happened to points that somebody pays or is paid for; points are negative when it was undone. */
export type Effect = 'issue' | 'burn' | 'breakage';

/** Points of one issuer that moved alike within a period: one operation of a partner, or the sum of all others. */
export interface Movement {
  readonly effect: Effect;
  /** Whose statement it stands on: the issuer of what was given or lapsed, the acceptor of what was spent. */
  readonly party: number;
  readonly issuer: number;
  readonly acceptor: number | null;
  readonly points: bigint;
  /** What the issuer pays for each point, by the lot's class; null where no lot was there any more. */
  readonly costNum: bigint | null;
  readonly costDen: bigint | null;
  /** Under which agreement of the party. */
  readonly agreement: number | null;
  readonly transfer: bigint | null;
  /** The partner's own number of it. */
  readonly reference: string | null;
  readonly occurredAt: Date | null;
  readonly postedAt: Date | null;
}

/** What became of one issuer's points within a period; what was undone is subtracted. */
export interface Moved {
  readonly issuer: number;
  readonly issued: bigint;
  readonly redeemed: bigint;
  readonly expired: bigint;
  /** Taken back though they were spent already. */
  readonly debtMade: bigint;
  /** Given, and kept for an earlier debt. */
  readonly debtSettled: bigint;
}
