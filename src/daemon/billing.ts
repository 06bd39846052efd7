import { createHttpBilling } from '../../protocols/http/billing.ts';
import { Fault } from '../errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config/config.ts';
import type { BillingSystem } from './orders.ts';

/** The configured billing system. Without one nothing is offered that needs it, so nothing should ever be asked. */
export function billingSystem({ billing }: Config, clock: Clock): BillingSystem {
  const { url, token, timeoutMs } = billing;
  if (url !== undefined) return createHttpBilling({ url, token, timeoutMs, clock });
  const absent = (): Promise<never> => Promise.reject(new Fault('billing.url is not configured'));
  return { moveMoney: absent, switchService: absent };
}
