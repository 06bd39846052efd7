import type { PartnerAdmin } from '../../src/partners/admin.ts';
import { Refusal } from '../../src/errors.ts';

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
