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
  await seedPartner(call, state);
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

/** What the bookshop and the operator agreed on: 0.12 roubles for a point given, 0.10 for a point taken. */
const TERMS = {
  model: 'postpaid',
  earnRate: { num: '12', den: '1' },
  burnRate: { num: '10', den: '1' },
  minorPerPoint: '1000',
  maxBackdateDays: 30,
  breakage: 'issuer',
  graceDays: 30,
  vatCode: 'VAT20',
  validFrom: '2020-01-01T00:00:00Z',
} as const;

/** The bookshop takes part in the joint programme, and its till has a key. */
async function seedPartner(call: Call, state: DemoState): Promise<void> {
  await call('partner.save', { partner: 'books', name: 'Bookworm', blocked: false });
  for (const partner of ['operator', 'books']) {
    await call('partner.publish', { partner, reference: 'demo', terms: TERMS });
  }
  if (state.partnerKey() !== undefined) return;
  const { keys } = (await call('partner.show', { partner: 'books' })) as {
    keys: { id: string; revokedAt?: number }[];
  };
  // Of a demo whose state folder is gone: their secrets are, too.
  for (const { id, revokedAt } of keys) {
    if (revokedAt === undefined) await call('partner.revoke', { partner: 'books', key: id.split('.')[1] });
  }
  const name = `demo-${newTraceId().slice(0, 8)}`;
  const { id, secret } = (await call('partner.key', { partner: 'books', key: name })) as Record<
    'id' | 'secret',
    string
  >;
  state.rememberPartnerKey({ id, secret });
}

async function exists(call: Call, msisdn: string): Promise<boolean> {
  try {
    await call('subscriber.show', { msisdn });
    return true;
  } catch {
    return false;
  }
}
