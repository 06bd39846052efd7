import type { MobileOriginated, ReceiveMo } from '../../src/channels/mobile-originated.ts';
import type { TakeUssdTurn } from '../../src/channels/ussd/turn.ts';
import type { ReceiveReceipt } from '../../src/notify/ports.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Logger } from '../../src/runtime/log.ts';
import type { Instant } from '../../src/values/instant.ts';

/** Which session began: proof of delivery (ADR 1) is kept per session. */
export interface SessionStart {
  readonly sessionId: string;
  readonly smsc: string;
  readonly bind: string;
}

/** What the daemon gives to the SMPP wire. */
export interface SmppDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly receiveMo: ReceiveMo;
  readonly receiveReceipt: ReceiveReceipt;
  readonly takeUssdTurn: TakeUssdTurn;
  readonly onSessionStart: (start: SessionStart) => void;
  readonly onSessionEnd: (sessionId: string) => void;
  /** Answers to MOs of this session received strictly before `provedUntil` have reached the SMSC. */
  readonly onProof: (sessionId: string, provedUntil: Instant) => void;
  /** Our answer took longer than {@link LATE_ANSWER_MS}: the SMSC may have given up waiting and deliver it again. */
  readonly onLateAnswer: (mo: MobileOriginated) => void;
}

/** An answer later than this counts as in doubt (ADR 1). */
export const LATE_ANSWER_MS = 5_000;
