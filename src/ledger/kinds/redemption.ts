import type { RedemptionRecord } from '../records.ts';
import { amount, id, instant, keyedKind, mutable, nullable, small, text, whole } from './keyed.ts';

export const redemptionKind = keyedKind<RedemptionRecord>('redemption', {
  item: text,
  priceList: whole,
  points: amount,
  state: mutable(small),
  transfer: mutable(id),
  voucher: mutable(nullable(text)),
  createdAt: instant,
});
