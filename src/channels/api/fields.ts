import { z } from 'zod';
import { instant, type Instant } from '../../values/instant.ts';
import { LANGUAGES } from '../../values/language.ts';
import { findMsisdn, type NumberPlan } from '../../values/msisdn.ts';

/** A number as people write it; handlers receive E.164 digits. */
export function msisdnField(plan?: NumberPlan) {
  return z
    .string()
    .max(32)
    .transform((text, context) => {
      const msisdn = findMsisdn(text, plan);
      if (msisdn !== undefined) return msisdn;
      context.addIssue({ code: 'custom', message: 'not a phone number, send for example 79160000001' });
      return z.NEVER;
    })
    .meta({ description: 'phone number, E.164 digits with or without the plus' });
}

export const languageField = z.enum(LANGUAGES);

/** Answers show E.164 digits without the plus. */
export const msisdnAnswer = z.string().meta({ description: 'E.164 digits' });

export const zoneField = z
  .string()
  .max(64)
  .refine(isZone, 'not a time zone of the IANA list, send for example Europe/Moscow')
  .meta({ description: 'IANA time zone, for example Europe/Moscow' });

/** Points that may be negative, in answers. */
export const pointsAnswer = z
  .string()
  .regex(/^-?\d+$/)
  .meta({ description: 'whole points in minor units' });

export const currencyField = z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code, for example RUB');

/** An instant with its offset; a local time would be a guess. */
export const instantField = z.iso
  .datetime({ offset: true, error: 'a time with its offset, for example 2026-01-31T12:00:00+03:00' })
  .transform((text): Instant => instant(new Date(text).getTime()));

export const instantAnswer = z.string().meta({ description: 'UTC, ISO 8601' });

export function isoOf(at: Instant): string {
  return new Date(at).toISOString();
}

const zones = new Set<string>();

/** Remembered, since the runtime takes long to answer; there are some hundred of them. */
function isZone(text: string): boolean {
  if (zones.has(text)) return true;
  // "+03:00" is accepted by the runtime too, but is no zone: it knows no summer time.
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(text)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    if (zones.size < 1_000) zones.add(text);
    return true;
  } catch {
    return false;
  }
}
