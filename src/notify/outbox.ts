import type { OUTBOX_STATE } from '../ledger/records.ts';
import type { SubmitReceipt } from './ports.ts';

/** A message of the outbox, on lease to one daemon. Times are milliseconds since 1970. */
export interface OutboxRow {
  readonly home: number;
  readonly id: number;
  /** Absent for a message to somebody who is no subscriber. */
  readonly subscriber: number | null;
  readonly priority: number;
  readonly smsc: string | null;
  readonly source: string;
  readonly destination: string;
  readonly body: string;
  readonly receipt: boolean;
  /** 16 octets. */
  readonly trace: Buffer;
  readonly createdAt: number;
  /** Not to be sent before; until then a dialogue or call may show it. */
  readonly dueAt: number;
  readonly leaseUntil: number;
  /** How often it was tried before. */
  readonly attempts?: number;
}

export interface OutboxKey {
  readonly home: number;
  readonly id: number;
}

export function keyOf({ home, id }: OutboxKey): string {
  return `${home}.${id}`;
}

export const PRIORITIES = ['reply', 'service', 'campaign'] as const;
export type PriorityName = (typeof PRIORITIES)[number];

/** How one attempt ended, to be written. `open` with `dueAt`: to be tried again then. */
export interface Settlement extends OutboxKey {
  readonly state: (typeof OUTBOX_STATE)[keyof typeof OUTBOX_STATE];
  readonly dueAt: number | null;
  readonly at: number;
  /** Parts that the SMSC took. */
  readonly parts: readonly SentPart[];
}

export interface SentPart {
  readonly smsc: string;
  readonly messageId: string;
  readonly destination: string;
}

export type Accepted = Extract<SubmitReceipt, { kind: 'accepted' }>;
