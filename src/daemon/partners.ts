import { createClearing, type Clearing } from '../clearing/clearing.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { createAuthenticatePartner, type AuthenticatePartner } from '../partners/authenticate.ts';
import { createPartnerAdmin, type PartnerAdmin } from '../partners/admin.ts';
import { createPublishedPartners } from '../partners/book.ts';
import type { PartnerOperationDeps } from '../partners/operation.ts';
import { createPartnerApi, type PartnerApi } from '../partners/partner-api.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config/config.ts';
import type { Logger } from '../runtime/log.ts';
import { loadOrCreateSecret } from '../runtime/secret-file.ts';
import { createPool, POSTGRES_DEFAULTS, type PostgresPool } from '../storage/postgres.ts';
import type { Subscribers } from '../subscribers/subscribers.ts';
import { MINUTE_MS } from '../values/instant.ts';
import { inHome, type Storage } from './storage.ts';

/** The joint programme: who takes part, on what terms, and what they do. */
export interface Partners {
  readonly admin: PartnerAdmin;
  readonly api: PartnerApi;
  readonly authenticate: AuthenticatePartner;
  readonly clearing: Clearing;
}

export interface PartnersDeps {
  readonly config: () => Config;
  readonly home: string;
  readonly storage: Storage;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Logger;
  readonly subscribers: Pick<Subscribers, 'resolveNumber'>;
  readonly checkBrake: PartnerOperationDeps['checkBrake'];
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
      { pool, ledger, clock, published, resolve, checkBrake: deps.checkBrake },
      () => deps.config().partners,
      () => deps.config().programme,
    ),
    clearing: createClearing({
      ...{ pool, published, clock },
      withPatience: (work) => withPatientPool(deps, work),
      zone: () => deps.config().programme.zone,
      toleranceMinor: () => BigInt(deps.config().partners.clearing.toleranceMinor),
    }),
    authenticate: createAuthenticatePartner({
      published,
      master,
      clock,
      store,
      windowMs: config.signatureWindowMs,
    }),
  };
}

const CLOSING_MAX_MS = 30 * MINUTE_MS;

/** A connection of its own for reading months of the journal: other work is neither held up nor cut off by it. */
async function withPatientPool<T>(
  { storage, log }: PartnersDeps,
  work: (pool: PostgresPool) => Promise<T>,
): Promise<T> {
  const pool = createPool(
    {
      ...POSTGRES_DEFAULTS,
      ...{ url: storage.url, connectionsMax: 1, queryTimeoutMs: CLOSING_MAX_MS },
      applicationName: 'bonusgate clearing',
    },
    (err) => log.warn({ err }, 'clearing lost its connection'),
  );
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

/** The configured secret where there is one: several daemons need the same. */
async function masterSecret(config: Config, home: string): Promise<Buffer> {
  const { secret } = config.partners;
  return secret === undefined
    ? loadOrCreateSecret(inHome(home, 'partners.key'))
    : Buffer.from(secret, 'utf8');
}
