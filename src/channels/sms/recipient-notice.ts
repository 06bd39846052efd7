import type { NoticeOfPoints, PointsReceived } from '../../bonus/notice.ts';
import type { Notice } from '../../ledger/operation.ts';
import { OUTBOX_PRIORITY } from '../../ledger/records.ts';
import type { Logger } from '../../runtime/log.ts';
import { counter } from '../../runtime/metrics.ts';
import type { Language } from '../../values/language.ts';
import { maskMsisdn, type Msisdn } from '../../values/msisdn.ts';
import type { Texts } from '../texts/texts.ts';

export interface RecipientNoticeDeps {
  readonly texts: Texts;
  /** Short code or name that the message comes from. */
  readonly source: string;
  /** Who has the number now. */
  resolve(
    msisdn: Msisdn,
  ): Promise<{ readonly id: bigint; readonly language: Language; readonly status: string } | undefined>;
  findNumber(subscriber: bigint): Promise<Msisdn | undefined>;
  readonly log: Logger;
}

const noticesTotal = counter(
  'bonusgate_recipient_notices_total',
  'Recipients of points by what they are told',
  ['result'],
);

/**
 * Tells the recipient of a transfer in their own language. Of the sender it shows the masked number and no more: who
 * gives points need not be known to who gets them.
 */
export function createRecipientNotice(deps: RecipientNoticeDeps): NoticeOfPoints {
  return async (received) => {
    try {
      const notice = await compose(deps, received);
      noticesTotal.inc({ result: notice === undefined ? 'nobody_to_tell' : 'told' });
      return notice;
    } catch (error) {
      noticesTotal.inc({ result: 'failed' });
      deps.log.error({ err: error }, 'recipient of points is not told');
      return undefined;
    }
  };
}

async function compose(
  deps: RecipientNoticeDeps,
  { sender, recipient, to, points }: PointsReceived,
): Promise<Notice | undefined> {
  const [owner, from] = await Promise.all([deps.resolve(to), deps.findNumber(sender)]);
  if (owner?.id !== recipient || owner.status !== 'active' || from === undefined) return undefined;
  return storable({
    subscriber: Number(recipient),
    priority: OUTBOX_PRIORITY.service,
    smsc: null,
    source: deps.source,
    destination: to,
    body: deps.texts.say('done.received', owner.language, { points, from: maskMsisdn(from) }),
    receipt: true,
  });
}

/** A message that Postgres cannot store would take the transfer down with it. */
function storable(notice: Notice): Notice {
  if ([notice.body, notice.source, notice.destination].some((text) => text === '' || text.includes('\0'))) {
    throw new Error('a notice is text without zero octets');
  }
  return notice;
}
