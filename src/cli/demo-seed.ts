import { newTraceId } from '../runtime/ids.ts';
import type { DemoState } from './demo-state.ts';

/** People of the demo, with what the phone page shows of them. */
export const DEMO_SUBSCRIBERS = [
  {
    msisdn: '79160000001',
    name: 'Anna',
    pin: '2580',
    language: 'en',
    ip: '10.0.0.1',
    note: 'starts with 500 points',
  },
  {
    msisdn: '79160000002',
    name: 'Boris',
    pin: '1470',
    language: 'ru',
    ip: '10.0.0.2',
    note: 'starts with 120 points, writes Russian',
  },
  {
    msisdn: '79160000003',
    name: 'Clara',
    pin: '3690',
    language: 'en',
    ip: '10.0.0.3',
    note: 'starts without points',
  },
] as const;

const POINTS: Readonly<Record<string, string>> = { '79160000001': '500', '79160000002': '120' };

export const DEMO_MERCHANTS = [
  { name: 'Bookworm', hosts: ['books.example'] },
  { name: 'Morning Coffee', hosts: ['coffee.example'] },
] as const;

type Call = (name: string, args: unknown) => Promise<unknown>;

/**
 * Gives the demo its people, partners and tokens, through the same commands that an operator uses. Doing it again
 * changes nothing: what exists is left alone, and points are given under a key of their own.
 */
export async function seedDemo(call: Call, state: DemoState): Promise<void> {
  for (const { msisdn, language, pin } of DEMO_SUBSCRIBERS) {
    if (!(await exists(call, msisdn))) await call('subscriber.add', { msisdn, language, pin });
    const points = POINTS[msisdn];
    if (points !== undefined) {
      await call('subscriber.adjust', { msisdn, points, reason: 'demo', key: `demo ${msisdn}` });
    }
  }
  for (const merchant of DEMO_MERCHANTS) await call('cashback.merchant', merchant);
  await call('cashback.audience', {
    members: DEMO_SUBSCRIBERS.map(({ msisdn, ip }) => ({ msisdn, identity: ip })),
  });
  for (const name of ['shop', 'billing']) {
    if (state.token(name) !== undefined) continue;
    const made = (await call('token.create', {
      name: `demo ${name} ${newTraceId().slice(0, 8)}`,
      scopes: ['events:write'],
    })) as {
      token: string;
    };
    state.rememberToken(name, made.token);
  }
}

async function exists(call: Call, msisdn: string): Promise<boolean> {
  try {
    await call('subscriber.show', { msisdn });
    return true;
  } catch {
    return false;
  }
}
