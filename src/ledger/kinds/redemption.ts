import type { RedemptionRecord } from '../records.ts';
import { amount, id, instant, keyedKind, mutable, nullable, small, text, whole } from './keyed.ts';

export const redemptionKind = keyedKind<RedemptionRecord>('redemption', {
  item: text,
  priceList: whole,
  points: amount,
  state: mutable(small),
  hold: nullable(id),
  transfer: mutable(nullable(id)),
  voucher: mutable(nullable(text)),
  benefit: mutable(nullable(id)),
  stockPart: nullable(id),
  cancelUntil: mutable(nullable(instant)),
  createdAt: instant,
});
