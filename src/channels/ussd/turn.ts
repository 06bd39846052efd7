import type { Instant } from '../../values/instant.ts';
import type { Origin, TraceId } from '../../values/trace.ts';

/** One message of a USSD dialogue from the centre, whatever wire carried it. */
export interface UssdIndication {
  readonly trace: TraceId;
  /** Centre's name in the configuration. */
  readonly centre: string;
  readonly origin: Origin;
  readonly msisdn: string;
  /** Key of the dialogue at that centre (its_session_info or what the profile says); empty when the centre has none. */
  readonly sessionKey: string;
  /** `begin` replaces any open dialogue of the same subscriber. `abort`: the network or the subscriber ended it. */
  readonly kind: 'begin' | 'continue' | 'abort';
  /** Dialled string (`*100#`) on begin, the answer on continue. */
  readonly text: string;
  readonly receivedAt: Instant;
  /** Characters that fit one screen, by alphabet of the text to show. */
  readonly limit: { readonly gsm: number; readonly ucs2: number };
  /** After this the centre no longer waits for us: a later screen is not sent. */
  readonly answerBy: Instant;
}

/** The next screen. `end` closes the dialogue after it is shown. */
export interface UssdScreen {
  readonly text: string;
  readonly end: boolean;
  /** Called by the wire once the centre took the screen (true) or could not (false): money results fall back to SMS. */
  readonly shown?: (taken: boolean) => void;
}

/** Given by the daemon to the wires. Undefined after an abort: nothing is to be shown. Never rejects. */
export type TakeUssdTurn = (indication: UssdIndication) => Promise<UssdScreen | undefined>;
