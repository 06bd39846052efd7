import type { Instant } from '../values/instant.ts';
import type { Origin, TraceId } from '../values/trace.ts';

/** A short message from a subscriber, reassembled, strictly parsed, not yet understood. */
export interface MobileOriginated {
  readonly trace: TraceId;
  /** The SMSC's name in the configuration; the same for all its binds. */
  readonly smsc: string;
  /** Bind name, for logs and for sending the reply the same way. */
  readonly bind: string;
  /** Id of the SMPP session it arrived on, unique over restarts: proof of delivery is kept per session. */
  readonly sessionId: string;
  readonly origin: Origin;
  /** Digits as they came, normalised by the bind's address profile to E.164 without plus. */
  readonly source: string;
  /** The short code. */
  readonly destination: string;
  readonly dataCoding: number;
  /** The reassembled user data octets, without UDH: part of the fingerprint. */
  readonly octets: Buffer;
  /** The octets decoded by data_coding. */
  readonly text: string;
  /** Value of the profile's identity field (for example user_message_reference) when it has one, else empty. */
  readonly identity: string;
  readonly receivedAt: Instant;
}

/**
 * What the wire tells the SMSC. `done` covers refusals too: the message was delivered and the subscriber reads the
 * reason. `retry`: deliver again later. `never`: do not deliver again. `full`: throttled.
 */
export type MoVerdict = 'done' | 'retry' | 'never' | 'full';

/** Given by the daemon to the wire. Resolves only after the command is durable. Never rejects. */
export type ReceiveMo = (mo: MobileOriginated) => Promise<MoVerdict>;
