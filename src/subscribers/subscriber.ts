import type { Instant } from '../values/instant.ts';
import type { Language } from '../values/language.ts';
import type { TraceId } from '../values/trace.ts';

export type SubscriberStatus = 'active' | 'suspended' | 'terminated';

/** A person (or device) with a wallet. The id outlives every number; a number that comes back belongs to somebody new. */
export interface Subscriber {
  readonly id: bigint;
  readonly language: Language;
  /** IANA time zone: ends of days and quiet hours are local. */
  readonly zone: string;
  readonly status: SubscriberStatus;
  readonly pinSet: boolean;
  readonly registeredAt: Instant;
}

export type LifecycleKind =
  | 'register'
  | 'settings'
  | 'suspend'
  | 'resume'
  | 'change_number'
  | 'change_owner'
  | 'port_out'
  | 'terminate';

/** After these, what was open in the subscriber's name must not go on. */
export type ClosingKind = Exclude<LifecycleKind, 'register' | 'settings' | 'resume'>;

export function closes(kind: LifecycleKind): kind is ClosingKind {
  return kind !== 'register' && kind !== 'settings' && kind !== 'resume';
}

/** Who reports a lifecycle event. The same `eventId` again changes nothing and returns the first answer. */
export interface LifecycleRequest {
  /** Chosen by the reporter and unique for ever: an idempotency key, a CRM event id. */
  readonly eventId: string;
  /** Token name, operator or channel, for the audit. */
  readonly actor: string;
  readonly trace: TraceId;
}

export interface LifecycleAnswer {
  /** The subscriber after the event: the new owner after `change_owner`. */
  readonly subscriberId: bigint;
  readonly replayed: boolean;
}

/** What other domains are told after the event is committed. */
export interface ClosingEvent {
  readonly eventId: string;
  readonly kind: ClosingKind;
  readonly at: Instant;
}
