import { NOTICE_CLASS, type NoticeClass } from '../ledger/records.ts';
import type { NoticesConfig } from '../runtime/config/notices.ts';
import type { Language } from '../values/language.ts';
import type { NoticeChannel } from './ports.ts';
import { isQuiet, nextLocalMinute, quietUntil, type QuietHours } from './quiet-hours.ts';
import { templateOf } from './templates.ts';

/** States below 3 are open: `due` to be planned, `direct` given to a push or a mail server, `sms` to the outbox. */
export const NOTICE_STATE = {
  due: 0,
  direct: 1,
  sms: 2,
  /** A handset or its network confirmed it. */
  delivered: 3,
  /** The last channel took it and nothing more was heard. */
  sent: 4,
  failed: 5,
  /** It may have arrived: a daemon or a peer died in the middle. */
  unknown: 6,
  excluded: 7,
  /** Part of a digest. */
  merged: 8,
  /** The subscriber is gone. */
  withdrawn: 9,
  expired: 10,
  /** No channel of its chain has an address. */
  unreachable: 11,
} as const;
export type NoticeState = keyof typeof NOTICE_STATE;

/** How one channel did. `retry`: not taken yet, will be offered again. `lapsed`: nothing was heard in time. */
export const ATTEMPT_STATE = {
  begun: 0,
  delivered: 1,
  sent: 2,
  failed: 3,
  unknown: 4,
  lapsed: 5,
  retry: 6,
} as const;
export type AttemptState = keyof typeof ATTEMPT_STATE;

export interface Attempt {
  readonly channel: NoticeChannel;
  readonly state: AttemptState;
  readonly begunAt: number;
  readonly tries: number;
}

/** Whom a notice is for, as known now. */
export interface Recipient {
  readonly subscriber: bigint;
  readonly language: Language;
  readonly zone: string;
  readonly msisdn: string | undefined;
  readonly mail: string | undefined;
  readonly digest: boolean | undefined;
  readonly quiet: QuietHours | undefined;
  /** `service sms`: class and channel. */
  readonly excluded: ReadonlySet<string>;
}

export interface Planned {
  readonly template: string;
  readonly class: number;
  /** Its age counts from here. */
  readonly beginsAt: number;
  readonly attempts: readonly Attempt[];
}

export type NoticeRules = Pick<
  NoticesConfig,
  'chains' | 'templates' | 'confirmMs' | 'maxAgeMs' | 'quietHours' | 'digest'
> & { readonly push: { readonly enabled: boolean }; readonly mail: { readonly enabled: boolean } };

export type Step =
  | { readonly kind: 'end'; readonly state: NoticeState }
  | { readonly kind: 'hold'; readonly until: number }
  | { readonly kind: 'merge'; readonly dueAt: number }
  | {
      readonly kind: 'send';
      readonly channel: NoticeChannel;
      readonly to: string;
      /** The next channel is tried then. */
      readonly deadline: number;
    };

/** What to do next with a notice whose turn it is. Pure; `recipient` is undefined when the subscriber is gone. */
export function planNotice(
  planned: Planned,
  recipient: Recipient | undefined,
  rules: NoticeRules,
  now: number,
): Step {
  const noticeClass = classOf(planned);
  const begun = planned.attempts.length > 0;
  if (recipient === undefined) return { kind: 'end', state: 'withdrawn' };
  if (!begun && now - planned.beginsAt > rules.maxAgeMs[noticeClass])
    return { kind: 'end', state: 'expired' };
  if (!begun && planned.template === 'earned' && (recipient.digest ?? rules.digest.enabled)) {
    return { kind: 'merge', dueAt: nextLocalMinute(rules.digest.at, now, recipient.zone) };
  }
  const quiet = recipient.quiet ?? rules.quietHours;
  if (noticeClass === 'marketing' && isQuiet(quiet, now, recipient.zone)) {
    return { kind: 'hold', until: quietUntil(quiet, now, recipient.zone) };
  }
  return nextChannel(planned, recipient, rules, now);
}

function nextChannel(planned: Planned, recipient: Recipient, rules: NoticeRules, now: number): Step {
  let excluded = false;
  for (const channel of chainOf(planned, rules)) {
    const attempt = planned.attempts.find((one) => one.channel === channel);
    const deadline = (attempt?.begunAt ?? now) + confirmMs(planned, channel, rules);
    if (attempt !== undefined && (attempt.state !== 'retry' || now >= deadline)) continue;
    const to = addressOn(channel, recipient, rules);
    if (to === undefined) continue;
    if (isExcluded(planned, channel, recipient)) {
      excluded = true;
      continue;
    }
    return { kind: 'send', channel, to, deadline };
  }
  return { kind: 'end', state: endOf(planned.attempts, excluded) };
}

/** A notice that may have arrived is not called failed. */
function endOf(attempts: readonly Attempt[], excluded: boolean): NoticeState {
  const had = (wanted: AttemptState): boolean => attempts.some(({ state }) => state === wanted);
  if (had('delivered')) return 'delivered';
  if (had('sent') || had('lapsed')) return 'sent';
  if (had('unknown')) return 'unknown';
  if (attempts.length > 0) return 'failed';
  return excluded ? 'excluded' : 'unreachable';
}

function chainOf({ template, ...planned }: Planned, rules: NoticeRules): readonly NoticeChannel[] {
  return rules.templates[template]?.chain ?? rules.chains[classOf(planned)];
}

/** How long a channel may take to deliver before the next one is tried. */
export function confirmMs(
  { template }: Pick<Planned, 'template'>,
  channel: NoticeChannel,
  rules: NoticeRules,
): number {
  const usual = rules.confirmMs[channel];
  return templateOf(template)?.requested ? Math.min(usual, rules.confirmMs.requested) : usual;
}

function addressOn(channel: NoticeChannel, recipient: Recipient, rules: NoticeRules): string | undefined {
  switch (channel) {
    case 'push':
      return rules.push.enabled ? recipient.msisdn : undefined;
    case 'sms':
      return recipient.msisdn;
    case 'mail':
      return rules.mail.enabled ? recipient.mail : undefined;
  }
}

/** Legal notices and what the subscriber asked for himself are never excluded. */
function isExcluded(planned: Planned, channel: NoticeChannel, { excluded }: Recipient): boolean {
  if (classOf(planned) === 'legal' || templateOf(planned.template)?.requested) return false;
  return excluded.has(`${classOf(planned)} ${channel}`);
}

function classOf(planned: Pick<Planned, 'class'>): NoticeClass {
  return CLASS_NAMES[planned.class]!;
}

const CLASS_NAMES = Object.keys(NOTICE_CLASS) as NoticeClass[];
