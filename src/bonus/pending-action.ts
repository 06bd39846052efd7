/**
 * What a pending record will do when it is confirmed: the quote the subscriber agreed to, with the versions it was
 * made from. Subscribers by id, never by number: only number, delivery and event records hold an MSISDN.
 */
export type PendingAction =
  | { readonly kind: 'transfer'; readonly to: string; readonly points: string; readonly fee: string }
  | { readonly kind: 'redeem'; readonly item: string; readonly points: string; readonly priceList: number }
  | { readonly kind: 'give_back'; readonly serial: number; readonly points: string }
  | { readonly kind: 'buy'; readonly points: string; readonly minor: string; readonly currency: string };

export function encodeAction(action: PendingAction): string {
  return JSON.stringify(action);
}

export function decodeAction(text: string): PendingAction {
  return JSON.parse(text) as PendingAction;
}
