import { OUTBOX_STATE } from '../ledger/records.ts';
import type { NotifyConfig } from '../runtime/config/notify.ts';
import {
  PRIORITIES,
  type Accepted,
  type OutboxKey,
  type OutboxRow,
  type PriorityName,
  type SentPart,
  type Settlement,
} from './outbox.ts';
import type { SubmitReceipt } from './ports.ts';

export type DeliveryPolicy = Pick<NotifyConfig, 'resendUnknown' | 'maxAgeMs' | 'retryMinMs' | 'retryMaxMs'>;

export function priorityOf(row: Pick<OutboxRow, 'priority'>): PriorityName {
  return PRIORITIES[row.priority] ?? 'campaign';
}

/** Too old to be of use: a balance of yesterday must not arrive today. */
export function isStale(row: OutboxRow, now: number, { maxAgeMs }: DeliveryPolicy): boolean {
  return now - row.createdAt > maxAgeMs[priorityOf(row)];
}

/**
 * What one answer of the SMSC means for a message.
 *
 * `unknown` may have reached the handset. Sending again risks a duplicate, not sending risks silence; the
 * configuration decides by priority, and replies are not repeated unless it says so.
 */
export function settle(
  row: OutboxRow,
  receipt: SubmitReceipt,
  now: number,
  policy: DeliveryPolicy,
): Settlement {
  switch (receipt.kind) {
    case 'accepted':
      return { ...ended(row, 'sent', now), parts: partsOf(row, receipt) };
    case 'refused':
      return ended(row, 'refused', now);
    case 'unknown':
      return policy.resendUnknown[priorityOf(row)] ? again(row, now, policy) : ended(row, 'unknown', now);
    case 'retry':
      return again(row, now, policy);
  }
}

export function ended(
  { home, id }: OutboxKey,
  state: Exclude<keyof typeof OUTBOX_STATE, 'open'>,
  now: number,
): Settlement {
  return { home, id, state: OUTBOX_STATE[state], dueAt: null, at: now, parts: [] };
}

/** To be tried again: 5 s, 10 s, 20 s, ... by the same row, so that it stays one message. */
export function again(row: OutboxRow, now: number, { retryMinMs, retryMaxMs }: DeliveryPolicy): Settlement {
  const wait = Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(row.attempts ?? 0, 20));
  return { home: row.home, id: row.id, state: OUTBOX_STATE.open, dueAt: now + wait, at: now, parts: [] };
}

/** Ids that say nothing come empty from the wire: such a message is accepted, and no receipt will be matched to it. */
function partsOf(row: OutboxRow, accepted: Accepted): SentPart[] {
  const smsc = accepted.smsc ?? row.smsc ?? accepted.bind;
  return accepted.messageIds
    .filter((messageId) => messageId !== '')
    .map((messageId) => ({ smsc, messageId, destination: row.destination }));
}
