import type { Ledger } from '../ledger/ledger.ts';
import { createAuthenticatePartner, type AuthenticatePartner } from '../partners/authenticate.ts';
import { createPartnerAdmin, type PartnerAdmin } from '../partners/admin.ts';
import { createPublishedPartners } from '../partners/book.ts';
import type { PartnerOperationDeps } from '../partners/operation.ts';
import { createPartnerApi, type PartnerApi } from '../partners/partner-api.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config/config.ts';
import { loadOrCreateSecret } from '../runtime/secret-file.ts';
import type { Subscribers } from '../subscribers/subscribers.ts';
import { inHome, type Storage } from './storage.ts';

/** The joint programme: who takes part, on what terms, and what they do. */
export interface Partners {
  readonly admin: PartnerAdmin;
  readonly api: PartnerApi;
  readonly authenticate: AuthenticatePartner;
}

export interface PartnersDeps {
  readonly config: () => Config;
  readonly home: string;
  readonly storage: Storage;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly subscribers: Pick<Subscribers, 'resolveNumber'>;
}

export async function openPartners(deps: PartnersDeps): Promise<Partners> {
  const { clock, ledger, home } = deps;
  const { pool, store } = deps.storage;
  const config = deps.config().partners;
  const master = await masterSecret(deps.config(), home);
  const published = createPublishedPartners(pool, clock);
  const resolve: PartnerOperationDeps['resolve'] = (msisdn, at) => deps.subscribers.resolveNumber(msisdn, at);
  return {
    admin: createPartnerAdmin({ pool, ledger, clock, published, master }),
    api: createPartnerApi(
      { pool, ledger, clock, published, resolve },
      () => deps.config().partners,
      () => deps.config().programme,
    ),
    authenticate: createAuthenticatePartner({
      published,
      master,
      clock,
      store,
      windowMs: config.signatureWindowMs,
    }),
  };
}

/** The configured secret where there is one: several daemons need the same. */
async function masterSecret(config: Config, home: string): Promise<Buffer> {
  const { secret } = config.partners;
  return secret === undefined
    ? loadOrCreateSecret(inHome(home, 'partners.key'))
    : Buffer.from(secret, 'utf8');
}
