import type { Instant } from '../../values/instant.ts';
import type { Money } from '../../values/money.ts';
import type { Language } from '../../values/language.ts';

/**
 * `1250` as `1 250`. A comma would be a thousands mark to some readers and a decimal mark to others, and is refused in
 * commands; so it is never shown either. Russian uses a space that does not break at a line end; the GSM alphabet has
 * none.
 */
export function groupDigits(value: number | bigint, language: string): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, language === 'ru' ? '\u00a0' : ' ');
}

/** `33.34 RUB`: two digits after the point, since every currency we charge in has a hundredth. */
export function formatMoney({ minor, currency }: Money, language: Language): string {
  const whole = groupDigits(minor / 100n, language);
  const cents = String(minor % 100n).padStart(2, '0');
  return `${whole}${language === 'ru' ? ',' : '.'}${cents} ${currency}`;
}

/** A change as a subscriber reads it: `+100`, `-1 250`. */
export function signed(points: bigint, language: Language): string {
  return points < 0n ? `-${groupDigits(-points, language)}` : `+${groupDigits(points, language)}`;
}

/** Day in the reader's zone: `31 Oct 2025`, `31.10.2025`. */
export function formatDay(at: Instant, language: Language, zone: string): string {
  return formatter(language, zone, 'day').format(at);
}

/** Day without its year, for recent things: `31 Oct`, `31.10`. */
export function formatShortDay(at: Instant, language: Language, zone: string): string {
  return formatter(language, zone, 'shortDay').format(at);
}

/** Hour and minute in the reader's zone: `14:05`. */
export function formatTime(at: Instant, language: Language, zone: string): string {
  return formatter(language, zone, 'time').format(at);
}

const LOCALES = { en: 'en-GB', ru: 'ru-RU' } as const satisfies Record<Language, string>;

const STYLES = {
  day: {
    en: { day: 'numeric', month: 'short', year: 'numeric' },
    ru: { day: '2-digit', month: '2-digit', year: 'numeric' },
  },
  shortDay: { en: { day: 'numeric', month: 'short' }, ru: { day: '2-digit', month: '2-digit' } },
  time: {
    en: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
    ru: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  },
} as const satisfies Record<string, Record<Language, Intl.DateTimeFormatOptions>>;

/** A formatter costs about a hundred formattings to make; zones in use are few. */
const formatters = new Map<string, Intl.DateTimeFormat>();
const FORMATTERS_MAX = 500;

function formatter(language: Language, zone: string, style: keyof typeof STYLES): Intl.DateTimeFormat {
  const key = `${language} ${style} ${zone}`;
  const known = formatters.get(key);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat(LOCALES[language], {
    ...STYLES[style][language],
    timeZone: usableZone(zone),
  });
  if (formatters.size >= FORMATTERS_MAX) formatters.clear();
  formatters.set(key, made);
  return made;
}

/** A zone name that this machine does not know must not cost the subscriber the answer. */
function usableZone(zone: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return zone;
  } catch {
    return 'UTC';
  }
}
