import { createHash } from 'node:crypto';
import type { AgreementTerms } from '../../src/partners/agreement.ts';
import { createPartnerAdmin, type PartnerAdmin } from '../../src/partners/admin.ts';
import { createPublishedPartners, type PublishedPartners } from '../../src/partners/book.ts';
import { instant } from '../../src/values/instant.ts';
import type { ManualClock } from '../../src/runtime/clock.ts';
import { newTraceId } from '../../src/runtime/ids.ts';
import type { TestLedger } from './ledger.ts';

/** What tests of the joint programme have in common. */

export const MASTER = createHash('sha256').update('partners of the test').digest();

export interface TestProgramme {
  readonly admin: PartnerAdmin;
  readonly published: PublishedPartners;
}

export function openTestProgramme(ledger: TestLedger, clock: ManualClock): TestProgramme {
  const published = createPublishedPartners(ledger.pool, clock);
  const admin = createPartnerAdmin({ pool: ledger.pool, ledger, clock, published, master: MASTER });
  return { admin, published };
}

/** The rates of the month example (bonus-core §3.8): 0.12 and 0.10 for a point. */
export function termsOf(changes: Partial<AgreementTerms> = {}): AgreementTerms {
  return {
    model: 'postpaid',
    earnRate: { num: 12n, den: 1n },
    burnRate: { num: 10n, den: 1n },
    minorPerPoint: 100n,
    cap: undefined,
    maxBackdateDays: 30,
    breakagePpm: 1_000_000n,
    graceDays: 30,
    vatCode: 'VAT20',
    validFrom: instant(Date.UTC(2020, 0, 1)),
    validTo: undefined,
    ...changes,
  };
}

export const staff = () => ({ name: 'staff', trace: newTraceId() });
