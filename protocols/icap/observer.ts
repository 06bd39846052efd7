import type { PassReason } from '../../src/channels/redirect/decision.ts';
import type { IcapErrorStatus, ParseErrorKind } from './limits.ts';

/** How one request ended. */
export type IcapOutcome = 'redirect' | 'options' | `pass_${PassReason}` | `error_${IcapErrorStatus}`;

/** What cut a connection: a header or body that did not come, or answers that nobody read. */
export type DeadlineKind = 'head' | 'body' | 'write' | 'idle';

/** Where the wire reports what it counted; must not throw. */
export interface IcapObserver {
  /** `seconds` from the arrival of the octets that completed the header to the answer. */
  answered(outcome: IcapOutcome, seconds: number): void;
  decided(seconds: number): void;
  parseError(kind: ParseErrorKind): void;
  deadlineCut(kind: DeadlineKind): void;
  /** A connection came (+1) or went (-1). */
  connection(change: 1 | -1): void;
  connectionRefused(): void;
}
