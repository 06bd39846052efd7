import type { BillingAnswer, MoveMoney, SwitchService } from '../../src/billing/ports.ts';
import { Fault } from '../../src/errors.ts';
import type { Clock } from '../../src/runtime/clock.ts';

export interface BillingOptions {
  /** Base of the billing system's API, for example https://billing.operator.example/api/ */
  readonly url: string;
  readonly token?: string | undefined;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** A refusal is final; everything else is worth the same question again. */
const REFUSED = new Set([400, 402, 403, 404, 409, 422]);
const REASON_MAX = 200;

/**
 * The operator's billing system over HTTP (docs/programme/billing.md): every call carries an `Idempotency-Key`, so a
 * call whose answer was lost is simply made again.
 */
export function createHttpBilling(options: BillingOptions): {
  readonly moveMoney: MoveMoney;
  readonly switchService: SwitchService;
} {
  return {
    moveMoney: ({ key, msisdn, direction, minor, currency }) =>
      post(options, `accounts/${msisdn}/${direction}`, key, { amount: minor.toString(), currency }),
    switchService: ({ key, msisdn, service, on }) =>
      post(options, `accounts/${msisdn}/services`, key, { service, on }),
  };
}

async function post(
  options: BillingOptions,
  path: string,
  key: string,
  body: Readonly<Record<string, unknown>>,
): Promise<BillingAnswer> {
  const response = await ask(options, path, key, body);
  if (response.status >= 200 && response.status < 300) return { kind: 'done' };
  if (REFUSED.has(response.status)) {
    return { kind: 'refused', reason: `${String(response.status)} ${response.text.slice(0, REASON_MAX)}` };
  }
  throw new Fault(`billing answered ${String(response.status)}`);
}

/** Node's fetch has no absolute deadline of its own. */
async function ask(
  { url, token, timeoutMs, clock }: BillingOptions,
  path: string,
  key: string,
  body: Readonly<Record<string, unknown>>,
): Promise<{ readonly status: number; readonly text: string }> {
  const abort = new AbortController();
  const cancel = clock.after(timeoutMs, () => abort.abort());
  try {
    const response = await fetch(new URL(path, url.endsWith('/') ? url : `${url}/`), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'idempotency-key': key,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
      signal: abort.signal,
    });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    throw new Fault('billing did not answer', { cause: error });
  } finally {
    cancel();
  }
}
