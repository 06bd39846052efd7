import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { AgreementTerms } from '../../src/partners/agreement.ts';
import { createPartnerAdmin, type PartnerAdmin } from '../../src/partners/admin.ts';
import { createAuthenticatePartner, type AuthenticatePartner } from '../../src/partners/authenticate.ts';
import { createPartnerApi, type PartnerApi } from '../../src/partners/partner-api.ts';
import { partnersConfig } from '../../src/runtime/config/partners.ts';
import { programmeConfig } from '../../src/runtime/config/programme.ts';
import { createInProcessStore } from '../../src/storage/in-process-store.ts';
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
  readonly api: PartnerApi;
  readonly authenticate: AuthenticatePartner;
}

export function openTestProgramme(ledger: TestLedger, clock: ManualClock): TestProgramme {
  const published = createPublishedPartners(ledger.pool, clock);
  const admin = createPartnerAdmin({ pool: ledger.pool, ledger, clock, published, master: MASTER });
  const deps = {
    ...{ pool: ledger.pool, ledger, clock, published, resolve: resolveNumber },
    checkBrake: () => undefined,
  };
  return {
    admin,
    published,
    api: createPartnerApi(
      deps,
      () => partnersConfig.parse({}),
      () => programmeConfig.parse({}),
    ),
    authenticate: createAuthenticatePartner({
      published,
      master: MASTER,
      clock,
      store: createInProcessStore(clock),
      windowMs: 300_000,
    }),
  };
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

/** Numbers of the test: 79160000001 is subscriber 1. */
function resolveNumber(msisdn: string): Promise<{ id: bigint } | undefined> {
  const id = Number(msisdn.slice(-7));
  return Promise.resolve(id > 0 && id < 1_000 ? { id: BigInt(id) } : undefined);
}

/** A partner's own way to sign, from the documentation: no code of the gateway. */
export function signed(
  key: { readonly id: string; readonly secret: string },
  request: { readonly method: string; readonly path: string; readonly body?: string },
  given: { readonly time: number; readonly nonce?: string },
): string {
  const bodyHash = createHash('sha256')
    .update(request.body ?? '')
    .digest('hex');
  const { time, nonce = randomBytes(12).toString('hex') } = given;
  const { method, path } = request;
  const text = ['BG1-HMAC-SHA256', method, path, bodyHash, String(time), nonce, key.id].join('\n');
  const signature = createHmac('sha256', key.secret).update(text).digest('hex');
  return `BG1-HMAC-SHA256 key="${key.id}", time="${String(time)}", nonce="${nonce}", body="${bodyHash}", signature="${signature}"`;
}

export const staff = () => ({ name: 'staff', trace: newTraceId() });
