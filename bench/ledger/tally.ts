/** Rows that answered operations must have left behind, by kind. */
export interface Tally {
  requests: number;
  transfers: number;
  postings: number;
  holds: number;
  mos: number;
  outbox: number;
}

export function newTally(): Tally {
  return { requests: 0, transfers: 0, postings: 0, holds: 0, mos: 0, outbox: 0 };
}
