import type { AwardsApi } from '../../src/channels/api/awards.ts';
import type { Brakes } from '../../src/controls/brakes.ts';
import type { Clearing } from '../../src/clearing/clearing.ts';
import type { PartnerAdmin } from '../../src/partners/admin.ts';
import { Refusal } from '../../src/errors.ts';

export const noBrakes: Pick<Brakes, 'list' | 'move'> = {
  list: () => Promise.resolve([]),
  move: () => Promise.resolve(),
};

export const noAwards: AwardsApi = {
  preview: () => Promise.resolve({ awards: 0n, members: 0n, points: 0n }),
  cancel: () => Promise.resolve({ awards: 0, points: 0n, debt: 0n, more: false }),
};

/** No month was ever closed. */
export const noClearing: Clearing = {
  close: () => Promise.reject(new Refusal('clearing_not_due')),
  closeNext: () => Promise.reject(new Refusal('clearing_not_due')),
  closeDue: () => Promise.resolve([]),
  list: () => Promise.resolve([]),
  statements: () => Promise.resolve([]),
  lines: () => Promise.resolve([]),
  file: () => Promise.resolve(''),
  show: () => Promise.reject(new Refusal('statement_unknown')),
  statementOf: () => Promise.reject(new Refusal('statement_unknown')),
  statement: () => Promise.reject(new Refusal('statement_unknown')),
  answer: () => Promise.reject(new Refusal('statement_unknown')),
  decide: () => Promise.reject(new Refusal('statement_unknown')),
  correct: () => Promise.reject(new Refusal('partner_unknown')),
};

const unknown = () => Promise.reject(new Refusal('partner_unknown'));

/** A programme without partners, for tests of other routes. */
export const noPartners: PartnerAdmin = {
  list: () => Promise.resolve([]),
  show: unknown,
  save: unknown,
  publish: unknown,
  end: unknown,
  makeKey: unknown,
  revokeKey: unknown,
  prepaid: () => Promise.resolve(0n),
  topUp: unknown,
};
