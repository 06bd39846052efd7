import { Refusal } from '../errors.ts';

/** A subscriber's number in E.164 without the plus: 7 to 15 digits (ITU-T E.164 §6). */
export type Msisdn = string & { readonly __brand: 'Msisdn' };

/** How people of one country write their own numbers; per deployment, from the configuration. */
export interface NumberPlan {
  /** Country code, for example `7`. */
  readonly countryCode: string;
  /** Trunk prefix of the national form, for example `8` in `8 916 000-00-01`; empty when there is none. */
  readonly trunkPrefix: string;
  /** Digits of the national significant number, for example 10. */
  readonly nationalLength: number;
}

/**
 * Parses a number as a person or a peer wrote it: spaces, dashes, brackets, `+`, `00`, and the national form.
 *
 * @throws Refusal `msisdn_invalid`
 */
export function parseMsisdn(text: string, plan?: NumberPlan): Msisdn {
  const found = findMsisdn(text, plan);
  if (found === undefined) throw new Refusal('msisdn_invalid');
  return found;
}

/** As {@link parseMsisdn}, but undefined for text that is no number. */
export function findMsisdn(text: string, plan?: NumberPlan): Msisdn | undefined {
  const compact = text.replace(/[\s()./-]/g, '');
  if (!/^\+?\d{3,20}$/.test(compact)) return undefined;
  const digits = international(compact, plan);
  return /^[1-9]\d{6,14}$/.test(digits) ? (digits as Msisdn) : undefined;
}

function international(compact: string, plan?: NumberPlan): string {
  if (compact.startsWith('+')) return compact.slice(1);
  if (compact.startsWith('00')) return compact.slice(2);
  if (plan === undefined) return compact;
  const { countryCode, trunkPrefix, nationalLength } = plan;
  if (compact.length === nationalLength) return countryCode + compact;
  const trunked = trunkPrefix !== '' && compact.startsWith(trunkPrefix);
  if (trunked && compact.length === trunkPrefix.length + nationalLength) {
    return countryCode + compact.slice(trunkPrefix.length);
  }
  return compact;
}

/** For logs and for confirmations read by others: `7916*****02`. Never identifies a subscriber. */
export function maskMsisdn(msisdn: string): string {
  if (msisdn.length < 7) return '*'.repeat(msisdn.length);
  return msisdn.slice(0, 4) + '*'.repeat(msisdn.length - 6) + msisdn.slice(-2);
}
