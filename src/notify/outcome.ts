import { OUTBOX_STATE } from '../ledger/records.ts';
import type { ClaimedNotice, SmsFate } from './notice-store.ts';
import { NOTICE_STATE, type Attempt, type AttemptState } from './plan.ts';
import { MESSAGE_STATES, type DirectReceipt, type MessageState, type NoticeChannel } from './ports.ts';

/** How a channel that was open when the notice was taken has ended meanwhile. */
export interface Closed {
  readonly channel: NoticeChannel;
  readonly state: Exclude<AttemptState, 'begun' | 'retry'>;
}

/** Nothing new: look again when the channel's time is over. */
export const STILL_OPEN = 'still open';

/**
 * What has become of the channel that a notice waits for; undefined when it waits for none.
 *
 * A push or an e-mail that is found under way belongs to a daemon that died: whether it arrived is not known, and it is
 * not sent again on that channel.
 */
export function closeChannel(
  { state, attempts }: ClaimedNotice,
  now: number,
  deadlineOf: (attempt: Attempt) => number,
): Closed | typeof STILL_OPEN | undefined {
  if (state === NOTICE_STATE.direct) {
    const open = attempts.find((attempt) => attempt.state === 'begun');
    return open && { channel: open.channel, state: 'unknown' };
  }
  if (state !== NOTICE_STATE.sms) return undefined;
  const open = attempts.find(({ channel }) => channel === 'sms');
  if (open === undefined) return undefined;
  const ended = endOfSms(open.sms ?? { outbox: null, parts: [] });
  if (ended !== undefined) return { channel: 'sms', state: ended };
  return now < deadlineOf(open) ? STILL_OPEN : { channel: 'sms', state: 'lapsed' };
}

const NOT_SENT: readonly number[] = [OUTBOX_STATE.refused, OUTBOX_STATE.withdrawn, OUTBOX_STATE.expired];
const FAILED: readonly MessageState[] = ['expired', 'deleted', 'undeliverable', 'rejected'];

/** One failed part spoils the message; all delivered parts make it whole. Undefined while nothing is certain. */
function endOfSms({ outbox, parts }: SmsFate): 'delivered' | 'failed' | 'unknown' | undefined {
  const states = parts.map((state) => MESSAGE_STATES[state - 1]);
  if (states.some((state) => state !== undefined && FAILED.includes(state))) return 'failed';
  if (states.length > 0 && states.every((state) => state === 'delivered')) return 'delivered';
  if (outbox === OUTBOX_STATE.unknown) return 'unknown';
  return outbox !== null && NOT_SENT.includes(outbox) ? 'failed' : undefined;
}

/** What the answer of a mail server or USSD centre makes of the attempt. */
export const AFTER_RECEIPT = {
  delivered: 'delivered',
  accepted: 'sent',
  refused: 'failed',
  retry: 'retry',
  unknown: 'unknown',
} as const satisfies Record<DirectReceipt['kind'], AttemptState>;
