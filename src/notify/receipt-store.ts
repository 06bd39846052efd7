import type { Db } from '../storage/postgres.ts';
import { NOTICE_STATE } from './plan.ts';
import { MESSAGE_STATES, type DeliveryReceipt } from './ports.ts';

/**
 * The part that a receipt `r` is about: the latest one under its id to its handset. Ids are used again, and some
 * centres give one id to everything; the number keeps a receipt from settling a stranger's message.
 */
const PART_OF_RECEIPT = `
  select p.home, p.outbox_id, p.part from sms_part p
  where p.smsc = r.smsc and p.message_id = r.message_id and p.destination = r.destination
  order by p.sent_at desc, p.home, p.outbox_id, p.part limit 1`;

/** Enroute, accepted and unknown may be followed by another receipt; the other states are the end. */
const NOT_FINAL = '(1, 6, 7)';

/** Of several receipts for one part in a batch, the final and then the latest counts. */
const APPLY_HITS = `
  update sms_part p set message_state = h.message_state, error = h.error, at = h.received_at
  from (select distinct on (home, outbox_id, part, smsc, message_id) * from hit where home is not null
        order by home, outbox_id, part, smsc, message_id, message_state in ${NOT_FINAL}, received_at desc) h
  where p.smsc = h.smsc and p.message_id = h.message_id and p.home = h.home and p.outbox_id = h.outbox_id
    and p.part = h.part and (p.message_state is null or p.message_state in ${NOT_FINAL})`;

/** A notice that waits for this message, or gave up waiting, looks at it again. */
const WAKE_NOTICES = `
  update notice n set state = ${String(NOTICE_STATE.sms)}, due_at = h.received_at
  from hit h join notice_attempt a on a.home = h.home and a.outbox_id = h.outbox_id
  where n.home = a.home and n.account = a.account and n.fact = a.fact and h.message_state not in ${NOT_FINAL}
    and n.state in (${String(NOTICE_STATE.sms)}, ${String(NOTICE_STATE.sent)})`;

/** Stores receipts, those of unknown messages for later. Repeats change nothing. */
export async function applyReceipts(db: Db, receipts: readonly DeliveryReceipt[]): Promise<void> {
  await db.query(
    `with r as materialized (
       select * from unnest($1::text[], $2::text[], $3::text[], $4::smallint[], $5::text[], $6::timestamptz[])
         r(smsc, message_id, destination, message_state, error, received_at)),
     hit as materialized (select r.*, m.home, m.outbox_id, m.part from r left join lateral (${PART_OF_RECEIPT}) m on true),
     applied as (${APPLY_HITS}),
     woken as (${WAKE_NOTICES})
     insert into early_receipt (smsc, message_id, destination, message_state, error, received_at)
       select smsc, message_id, destination, message_state, error, received_at from hit where home is null
     on conflict do nothing`,
    [
      receipts.map(({ smsc }) => smsc),
      receipts.map(({ messageId }) => messageId),
      receipts.map(({ source }) => source),
      receipts.map(({ messageState }) => MESSAGE_STATES.indexOf(messageState) + 1),
      receipts.map(({ error }) => error ?? null),
      receipts.map(({ receivedAt }) => new Date(receivedAt)),
    ],
  );
}

/** Settles receipts that came before their message was known, and forgets those received before `lapsed`. */
export async function matchEarlyReceipts(db: Db, lapsed: number): Promise<void> {
  await db.query(
    `with hit as materialized (
       select r.*, m.home, m.outbox_id, m.part from early_receipt r join lateral (${PART_OF_RECEIPT}) m on true),
     applied as (${APPLY_HITS}),
     woken as (${WAKE_NOTICES})
     delete from early_receipt e where e.received_at < $1 or exists (
       select from hit where hit.smsc = e.smsc and hit.message_id = e.message_id
         and hit.destination = e.destination and hit.message_state = e.message_state)`,
    [new Date(lapsed)],
  );
}
