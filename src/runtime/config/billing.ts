import { z } from 'zod';
import { milliseconds } from './kinds.ts';

/** Section `billing`: where services are switched on and money is moved. */
export const billingConfig = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('base of its HTTP API (docs/programme/billing.md); without it nothing is provisioned or sold'),
  token: z.string().min(1).optional().describe('sent as a bearer token'),
  timeoutMs: milliseconds(5_000).describe('an answer that takes longer counts as none; the call is repeated'),
});

export type BillingConfig = z.output<typeof billingConfig>;
