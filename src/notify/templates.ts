import type { NoticeClass } from '../ledger/records.ts';
import type { Instant } from '../values/instant.ts';

/** What a variable is, and so how it is stored and shown. */
interface VariableTypes {
  /** Points, grouped as the language does. */
  readonly points: bigint;
  /** A whole number. */
  readonly count: number;
  /** The moment at which a local day ends, shown as that day. */
  readonly day: Instant;
  /** Ready to read: a name, a code. */
  readonly text: string;
}
export type VariableType = keyof VariableTypes;

interface TemplateShape {
  readonly class: NoticeClass;
  readonly variables: Readonly<Record<string, VariableType>>;
  /** The subscriber waits for it: it goes first, quickly falls back, and no exclusion stops what was asked for. */
  readonly requested?: true;
  /** Variables are wiped when it is told. */
  readonly secret?: true;
}

/**
 * Every notice the programme sends, with its variables. The wordings are in `conf/texts/notices/{en,ru}.yaml`, which
 * must have each of these and no other.
 */
export const TEMPLATES = {
  earned: { class: 'service', variables: { points: 'points', available: 'points' } },
  earned_digest: { class: 'service', variables: { points: 'points', count: 'count' } },
  redeemed: { class: 'service', variables: { points: 'points', available: 'points' } },
  transferred_out: { class: 'service', variables: { points: 'points', available: 'points' } },
  transferred_in: { class: 'service', variables: { points: 'points', available: 'points' } },
  adjusted_up: { class: 'service', variables: { points: 'points', available: 'points' } },
  adjusted_down: { class: 'service', variables: { points: 'points', available: 'points' } },
  returned: { class: 'service', variables: { points: 'points', available: 'points' } },
  taken_back: { class: 'service', variables: { points: 'points', available: 'points' } },
  bought: { class: 'service', variables: { points: 'points', available: 'points' } },
  expired: { class: 'service', variables: { points: 'points', available: 'points' } },
  expiry_warning: { class: 'service', variables: { points: 'points', last_day: 'day' } },
  tier_changed: { class: 'service', variables: { tier: 'text' } },
  partner_purchase: {
    class: 'service',
    variables: { partner: 'text', points: 'points', available: 'points' },
  },
  partner_payment: {
    class: 'service',
    variables: { partner: 'text', points: 'points', available: 'points' },
  },
  login_code: {
    class: 'service',
    variables: { code: 'text', minutes: 'count' },
    requested: true,
    secret: true,
  },
  /** Words of a scenario or of staff, ready in the subscriber's language. */
  message: { class: 'service', variables: { text: 'text' } },
} as const satisfies Record<string, TemplateShape>;

export type TemplateKey = keyof typeof TEMPLATES;

export type VariablesOf<Key extends TemplateKey> = {
  readonly [
    Name in keyof (typeof TEMPLATES)[Key]['variables']
  ]: VariableTypes[(typeof TEMPLATES)[Key]['variables'][Name] & VariableType];
};

export type VariableValue = VariableTypes[VariableType];

export function templateOf(key: string): TemplateShape | undefined {
  return Object.hasOwn(TEMPLATES, key) ? TEMPLATES[key as TemplateKey] : undefined;
}
