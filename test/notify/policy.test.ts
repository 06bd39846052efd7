import { expect } from 'chai';
import type { OutboxRow } from '../../src/notify/outbox.ts';
import { isStale, settle } from '../../src/notify/policy.ts';
import type { SubmitReceipt } from '../../src/notify/ports.ts';
import { notifyConfig } from '../../src/runtime/config/notify.ts';

const policy = notifyConfig.parse({ resendUnknown: { campaign: true } });
const NOW = 1_760_000_000_000;
const ROW: OutboxRow = {
  home: 1,
  id: 5,
  subscriber: 16,
  priority: 0,
  smsc: null,
  source: '2500',
  destination: '79160000001',
  body: 'hello',
  receipt: false,
  trace: Buffer.alloc(16),
  createdAt: NOW,
  dueAt: NOW,
  leaseUntil: NOW + 30_000,
};
const RETRY: SubmitReceipt = { kind: 'retry', reason: 'throttled' };
const UNKNOWN: SubmitReceipt = { kind: 'unknown', reason: 'no answer' };

describe('what an answer of the SMSC means', () => {
  const after = (row: Partial<OutboxRow>, receipt: SubmitReceipt) => {
    const { state, dueAt } = settle({ ...ROW, ...row }, receipt, NOW, policy);
    return [state, dueAt === null ? null : dueAt - NOW];
  };

  it('is a table', () => {
    expect(after({}, { kind: 'accepted', bind: 'b', messageIds: [] })).to.deep.equal([1, null]);
    expect(after({}, { kind: 'refused', status: 11 })).to.deep.equal([3, null]);
    expect(after({}, UNKNOWN)).to.deep.equal([4, null]);
    expect(after({ priority: 1 }, UNKNOWN)).to.deep.equal([4, null]);
    expect(after({ priority: 2 }, UNKNOWN)).to.deep.equal([0, 5_000]);
  });

  it('is patience that doubles up to five minutes', () => {
    const waits = [0, 1, 2, 5, 6, 7, 30_000].map((attempts) => after({ attempts }, RETRY)[1]);
    expect(waits).to.deep.equal([5_000, 10_000, 20_000, 160_000, 300_000, 300_000, 300_000]);
  });

  it('names the SMSC of each part as well as it is known', () => {
    const smscOf = (row: Partial<OutboxRow>, smsc?: string) =>
      settle(
        { ...ROW, ...row },
        { kind: 'accepted', bind: 'b', messageIds: ['1', ''], ...(smsc === undefined ? {} : { smsc }) },
        NOW,
        policy,
      ).parts.map((part) => part.smsc);
    expect(smscOf({ smsc: 'north' }, 'south')).to.deep.equal(['south']);
    expect(smscOf({ smsc: 'north' })).to.deep.equal(['north']);
    expect(smscOf({})).to.deep.equal(['b']);
  });

  it('does not matter for a message nobody needs any more', () => {
    expect(isStale(ROW, NOW + 3_600_000, policy)).to.equal(false);
    expect(isStale(ROW, NOW + 3_600_001, policy)).to.equal(true);
    expect(isStale({ ...ROW, priority: 1 }, NOW + 3_600_001, policy)).to.equal(false);
  });
});
