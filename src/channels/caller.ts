import type { SubscriberStatus } from '../subscribers/subscriber.ts';
import type { Instant } from '../values/instant.ts';
import type { Language } from '../values/language.ts';
import type { Msisdn } from '../values/msisdn.ts';
import type { Command } from './command.ts';

/** Who is on the other end of a channel, as far as a channel needs to know. */
export interface KnownSubscriber {
  readonly subscriberId: bigint;
  readonly language: Language;
  /** IANA name; days and hours are told in it. */
  readonly zone: string;
  readonly status: SubscriberStatus;
}

/** Who had the number at that moment; undefined when nobody had. Rejects with a Fault when it cannot be known. */
export type ResolveCaller = (msisdn: Msisdn, at: Instant) => Promise<KnownSubscriber | undefined>;

/** Commands that change nothing: all that a sender gets whose number nobody vouches for. */
export function isEnquiry(command: Command): boolean {
  switch (command.kind) {
    case 'balance':
    case 'history':
    case 'catalogue':
    case 'orders':
    case 'help':
      return true;
    case 'language':
    case 'prepare':
    case 'confirm':
    case 'cancel':
      return false;
  }
}
