import { REFUSAL_CODES, type RefusalCode } from '../../errors.ts';

/**
 * Every text the program says, with the arguments it fills in. Each language file has exactly these keys, and a text
 * may use only these arguments; both are checked when the files are loaded.
 */
export const TEXT_ARGUMENTS = {
  'done.balance': ['available'],
  'done.balance_expiring': ['points', 'date'],
  'done.balance_held': ['held'],
  'done.balance_pending': ['pending'],
  'done.balance_debt': ['debt'],
  'done.history_entry': ['date', 'points', 'kind'],
  'done.history_empty': [],
  'done.catalogue_item': ['number', 'name', 'points'],
  'done.catalogue_more': ['count'],
  'done.catalogue_how': [],
  'done.catalogue_empty': [],
  'done.help': [],
  'done.language': [],
  'done.prepared_transfer': ['points', 'to', 'fee'],
  'done.prepared_transfer_code': ['points', 'to', 'fee', 'code'],
  'done.prepared_redeem': ['name', 'points'],
  'done.prepared_redeem_code': ['name', 'points', 'code'],
  'done.transferred': ['points', 'to', 'available'],
  'done.received': ['points', 'from'],
  'done.redeemed': ['name', 'points', 'available'],
  'done.redeemed_voucher': ['name', 'points', 'available', 'voucher'],
  'done.cancelled': [],
  unknown: [],
  'sms.stranger': [],
  'sms.empty': [],
  'sms.unknown_word': [],
  'sms.unknown_word_near': ['near'],
  'sms.transfer_form': [],
  'sms.transfer_number': [],
  'sms.transfer_points': [],
  'sms.redeem_form': [],
  'sms.language_form': [],
  'sms.code_form': [],
  'ussd.more': [],
  'ussd.back': [],
  'ussd.confirm': [],
  'ussd.expired': [],
  'ussd.unknown_code': [],
  'ussd.sorry': [],
  'ussd.busy': [],
  'ussd.stranger': [],
  'ussd.no_such_item': [],
  'ussd.bad_number': [],
  'ussd.bad_points': [],
  'ussd.too_many_tries': [],
} as const satisfies Record<string, readonly string[]>;

export type FixedKey = keyof typeof TEXT_ARGUMENTS;
export type TextKey = FixedKey | `refused.${RefusalCode}`;

export const TEXT_KEYS: readonly TextKey[] = [
  ...(Object.keys(TEXT_ARGUMENTS) as FixedKey[]),
  ...REFUSAL_CODES.map((code) => `refused.${code}` as const),
];
