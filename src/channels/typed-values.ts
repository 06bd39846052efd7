import { findMsisdn, type Msisdn, type NumberPlan } from '../values/msisdn.ts';
import { POINTS_MAX, type Points } from '../values/points.ts';

/**
 * A phone number in full, as a subscriber types the one who is to get points.
 *
 * With a number plan, home numbers must have exactly their length, so that the digits of an amount can never be taken
 * into the number; foreign ones need `+` or `00` and no spaces. The short national form is not taken when it begins
 * like a longer one (`7916000000`): more likely a digit is missing.
 */
export function findRecipient(text: string, plan: NumberPlan | undefined): Msisdn | undefined {
  const found = findMsisdn(text, plan);
  if (found === undefined) return undefined;
  const spaced = /\s/.test(text.trim());
  if (plan === undefined) return spaced ? undefined : found;
  const digits = text.replace(/[^\d+]/g, '');
  const cut = [plan.countryCode, plan.trunkPrefix].some((start) => start !== '' && digits.startsWith(start));
  if (digits.length === plan.nationalLength && cut) return undefined;
  if (found.startsWith(plan.countryCode)) {
    return found.length === plan.countryCode.length + plan.nationalLength ? found : undefined;
  }
  return !spaced && /^[^\d]*(\+|00)/.test(text) ? found : undefined;
}

/** Digits alone or in groups of three; no sign, no leading zero, no comma, no dot, no other script's digits. */
export function findAmount(text: string): Points | undefined {
  if (!/^[1-9]\d{0,15}$|^[1-9]\d{0,2}(?:[ '][0-9]{3})+$/.test(text)) return undefined;
  const points = BigInt(text.replace(/[ ']/g, ''));
  return points <= POINTS_MAX ? points : undefined;
}
