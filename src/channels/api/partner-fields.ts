import { z } from 'zod';
import { AGREEMENT_MODELS, type Agreement, type AgreementTerms } from '../../partners/agreement.ts';
import { isWholeInMicro, type Rate } from '../../partners/rate.ts';
import { instantAnswer, instantField, isoOf } from './fields.ts';

/** What partners, their agreements and keys look like in requests and answers. */

export const partnerCode = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, '1 to 32 lower-case letters, digits and hyphens, for example books');

export const agreementReference = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits, dot, hyphen, for example 2026-01');

export const keyName = z
  .string()
  .regex(/^[a-z0-9-]{1,32}$/, '1 to 32 lower-case letters, digits and hyphens, for example 2026-a');

/** A positive whole number in a string: JSON numbers lose digits. */
export const positive = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, 'a positive whole number in a string, for example "150"')
  .transform(BigInt);

const natural = z
  .string()
  .regex(/^\d{1,12}$/, 'a whole number in a string, for example "12"')
  .transform(BigInt);

const rate = z
  .strictObject({ num: natural, den: natural })
  .refine((value) => value.den > 0n && isWholeInMicro(value), 'must be whole in millionths of a minor unit')
  .meta({ description: 'minor units of money for one point: {"num":"12","den":"1"} is 0.12 for each' });

/** From what is written in a request: every term but the end has to be said, nothing is guessed. */
export const termsBody = z
  .strictObject({
    model: z.enum(AGREEMENT_MODELS),
    earnRate: rate,
    burnRate: rate,
    minorPerPoint: positive.meta({ description: 'one point for each of these minor units of a purchase' }),
    cap: positive.optional().meta({ description: 'postpaid: points that may be given under the agreement' }),
    maxBackdateDays: z.int().min(0).max(366),
    breakage: z
      .union([z.enum(['issuer', 'pool']), z.strictObject({ issuerPpm: z.int().min(1).max(999_999) })])
      .meta({ description: 'who keeps what lapsed points are worth' }),
    graceDays: z.int().min(0).max(366),
    vatCode: z.string().min(1).max(20),
    validFrom: instantField,
    validTo: instantField.optional(),
  })
  .refine(({ model, cap }) => model === 'postpaid' || cap === undefined, 'prepaid points are their own cap')
  .refine(({ validFrom, validTo }) => validTo === undefined || validFrom < validTo, 'ends after it begins')
  .transform(({ breakage, cap, validTo, ...rest }): AgreementTerms => ({
    ...rest,
    cap,
    validTo,
    breakagePpm: ppmOf(breakage),
  }));

function ppmOf(breakage: 'issuer' | 'pool' | { readonly issuerPpm: number }): bigint {
  if (typeof breakage === 'object') return BigInt(breakage.issuerPpm);
  return breakage === 'issuer' ? 1_000_000n : 0n;
}

const rateAnswer = z.object({ num: z.string(), den: z.string() });

export const agreementAnswer = z.object({
  reference: z.string(),
  model: z.enum(AGREEMENT_MODELS),
  earnRate: rateAnswer,
  burnRate: rateAnswer,
  minorPerPoint: z.string(),
  cap: z.string().optional(),
  maxBackdateDays: z.number(),
  breakageIssuerPpm: z.number(),
  graceDays: z.number(),
  vatCode: z.string(),
  validFrom: instantAnswer,
  validTo: instantAnswer.optional(),
});

export function shownAgreement(agreement: Agreement): z.input<typeof agreementAnswer> {
  const { cap, validTo } = agreement;
  return {
    reference: agreement.reference,
    model: agreement.model,
    earnRate: shownRate(agreement.earnRate),
    burnRate: shownRate(agreement.burnRate),
    minorPerPoint: String(agreement.minorPerPoint),
    ...(cap !== undefined && { cap: String(cap) }),
    maxBackdateDays: agreement.maxBackdateDays,
    breakageIssuerPpm: Number(agreement.breakagePpm),
    graceDays: agreement.graceDays,
    vatCode: agreement.vatCode,
    validFrom: isoOf(agreement.validFrom),
    ...(validTo !== undefined && { validTo: isoOf(validTo) }),
  };
}

function shownRate({ num, den }: Rate): { num: string; den: string } {
  return { num: String(num), den: String(den) };
}

export const termsExample = {
  model: 'postpaid',
  earnRate: { num: '12', den: '1' },
  burnRate: { num: '10', den: '1' },
  minorPerPoint: '1000',
  cap: '5000000',
  maxBackdateDays: 30,
  breakage: 'issuer',
  graceDays: 30,
  vatCode: 'VAT20',
  validFrom: '2026-01-01T00:00:00+03:00',
  validTo: '2027-01-01T00:00:00+03:00',
} as const;

export const agreementExample = {
  reference: '2026-01',
  model: 'postpaid',
  earnRate: { num: '12', den: '1' },
  burnRate: { num: '10', den: '1' },
  minorPerPoint: '1000',
  cap: '5000000',
  maxBackdateDays: 30,
  breakageIssuerPpm: 1_000_000,
  graceDays: 30,
  vatCode: 'VAT20',
  validFrom: '2025-12-31T21:00:00.000Z',
  validTo: '2026-12-31T21:00:00.000Z',
} as const;
