/**
 * The three kinds of "no".
 *
 * A *refusal* is an expected business answer, a *fault* is something outside us that failed (database, peer,
 * time), a *bug* is a broken assertion. They are never mixed: a refusal is stored and final, a fault is worth a
 * retry with the same request id, a bug stops the operation that found it.
 */

/** Every expected business "no". `docs/refusals.md` is compared with this list by a test. */
export const REFUSAL_CODES = [
  'account_closed',
  'account_frozen',
  'account_unknown',
  'agreement_missing',
  'agreement_overlaps',
  'approval_required',
  'buying_not_offered',
  'capture_exceeds_hold',
  'clearing_not_due',
  'clearing_state',
  'confirmation_code_wrong',
  'confirmation_not_pending',
  'currency_unsupported',
  'event_backdated',
  'event_in_future',
  'expiry_in_past',
  'hold_not_active',
  'idempotency_mismatch',
  'idempotency_key_expired',
  'item_out_of_stock',
  'item_unknown',
  'limit_exceeded',
  'msisdn_invalid',
  'not_transferable',
  'number_in_use',
  'order_not_cancellable',
  'order_unknown',
  'origin_untrusted',
  'parameter_conflict',
  'parameter_invalid',
  'parameter_unknown',
  'partner_key_unknown',
  'partner_keys_full',
  'partner_operation_unknown',
  'partner_prepaid_exhausted',
  'partner_unknown',
  'pin_locked',
  'pin_not_set',
  'pin_weak',
  'pin_wrong',
  'points_insufficient',
  'points_invalid',
  'price_changed',
  'reason_required',
  'recipient_unknown',
  'reversal_exceeds_original',
  'rule_set_not_draft',
  'rule_set_unknown',
  'rules_invalid',
  'rules_not_replayed',
  'statement_unknown',
  'stopped',
  'subscriber_suspended',
  'subscriber_unknown',
  'transfer_to_self',
  'transfer_unknown',
] as const;

export type RefusalCode = (typeof REFUSAL_CODES)[number];

/** Facts a channel needs to say the "no" well: `{ available: 350n }`, `{ limit: 'transfer_daily' }`. */
export type RefusalDetail = Readonly<Record<string, string | number | bigint>>;

/** An expected business "no", thrown inside the core and turned into a value at its edge. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  readonly detail: RefusalDetail;

  constructor(code: RefusalCode, detail: RefusalDetail = {}) {
    super(code);
    this.code = code;
    this.detail = detail;
  }
}

/** Something outside this process failed; the same request may be tried again unchanged. */
export class Fault extends Error {
  override readonly name = 'Fault';
}

/** The live queue is full: answer at once (ESME_RTHROTTLED, 503), never queue without bound. */
export class IntakeFull extends Error {
  override readonly name = 'IntakeFull';

  constructor() {
    super('intake full');
  }
}

/** Checks what must be true by construction; on in production. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
