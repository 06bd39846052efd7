import { findMsisdn, type NumberPlan } from '../../src/values/msisdn.ts';

/** type_of_number (SMPP 3.4 §5.2.5). */
const TON_INTERNATIONAL = 1;
const TON_NATIONAL = 2;
const TON_ALPHANUMERIC = 5;

/**
 * A sender's address as E.164 digits without plus, by TON and the SMSC's number plan; unchanged when it is no number.
 * Centres label the same number 0, 1, 3 or 5, so only "national" and "international" are believed.
 */
export function normaliseAddress(address: string, ton: number, plan: NumberPlan | undefined): string {
  if (ton === TON_NATIONAL && plan !== undefined && /^\d+$/.test(address)) {
    if (address.length === plan.nationalLength) return plan.countryCode + address;
  }
  return findMsisdn(address, ton === TON_INTERNATIONAL ? undefined : plan) ?? address;
}

/** TON and NPI of a sender of ours: a name is alphanumeric (5, 0), a short code what the bind says. */
export function sourceTonNpi(source: string, ton: number, npi: number): { ton: number; npi: number } {
  return /^\+?\d+$/.test(source) ? { ton, npi } : { ton: TON_ALPHANUMERIC, npi: 0 };
}
