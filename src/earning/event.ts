import type { Language } from '../values/language.ts';
import type { EventFacts } from './variables.ts';

/** Whom an event is about, as far as rules look at it. */
export interface EventMember {
  readonly id: bigint;
  readonly registeredAt: number;
  readonly language: Language;
}

/** A fact whose member is known, to be recorded once under `(scope, id)`. */
export interface MemberEvent extends EventFacts {
  /** Who tells: ids are unique within it. */
  readonly scope: string;
  readonly id: string;
  readonly actor: string;
  /** 32 hex digits. */
  readonly trace: string;
  readonly channel: 'api' | 'system';
  readonly member: EventMember;
}
