import type { ApprovalRecord } from '../../src/ledger/kinds/approval.ts';
import type { AwardRecord } from '../../src/ledger/kinds/award.ts';
import type { BenefitRecord } from '../../src/ledger/kinds/benefit.ts';
import type { SagaRecord } from '../../src/ledger/kinds/saga.ts';

type Plain<Row> = Omit<Row, 'home' | 'account' | 'serial' | 'createdAt'>;

export const AWARD: Plain<AwardRecord> = {
  source: 'rule',
  reference: 'purchase',
  version: 3,
  inputs: '{"minor":"1000"}',
  points: 10n,
  transfer: null,
  cancelled: 0n,
};

export const BENEFIT: Plain<BenefitRecord> = {
  source: 'redemption',
  reference: 'calls20',
  scope: 'usage',
  service: 'voice.national',
  effect: 'factor_ppm',
  value: 800_000n,
  validFrom: 1_700_000_000_000,
  validTo: null,
  usesLeft: null,
  stackGroup: 'calls',
  priority: 1,
  state: 0,
};

export const APPROVAL: Plain<ApprovalRecord> = {
  command: 'adjust',
  payload: '{"points":"100"}',
  payloadHash: Buffer.alloc(32, 7),
  reason: 'complaint',
  maker: 'anna',
  checker: null,
  state: 0,
  expiresAt: 1_700_000_000_123,
};

export const SAGA: Plain<SagaRecord> = {
  type: 'purchase_of_points',
  subject: 17,
  step: 'billing_hold',
  data: '{}',
  attempts: 0,
  dueAt: 1_700_000_000_456,
};
