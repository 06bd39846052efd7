import type { SmppReceiptId } from '../../src/runtime/config/smpp.ts';

type Base = SmppReceiptId['submit'];

/**
 * Brings the ids of submit_sm_resp and of receipts to one form. Centres give the same id in hexadecimal in one and in
 * decimal in the other, pad it with zeros or change its case; the bind's profile says which.
 */
export function messageIdNormaliser(profile: SmppReceiptId): {
  /** Empty for ids that identify nothing. */
  submitted(id: string): string;
  receipted(id: string): string;
} {
  const normalise = (id: string, base: Base): string => {
    const trimmed = id.trim();
    if (profile.meaningless.includes(trimmed)) return '';
    const number = toDecimal(trimmed, base);
    if (number !== undefined) return number;
    const cased = profile.ignoreCase ? trimmed.toLowerCase() : trimmed;
    return profile.ignoreLeadingZeros ? cased.replace(/^0+(?=.)/, '') : cased;
  };
  return {
    submitted: (id) => normalise(id, profile.submit),
    receipted: (id) => normalise(id, profile.receipt),
  };
}

function toDecimal(id: string, base: Base): string | undefined {
  if (base === 'hex' && /^[0-9a-f]+$/i.test(id)) return BigInt(`0x${id}`).toString();
  if (base === 'decimal' && /^\d+$/.test(id)) return BigInt(id).toString();
  return undefined;
}
