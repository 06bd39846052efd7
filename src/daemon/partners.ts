import type { Ledger } from '../ledger/ledger.ts';
import { createPartnerAdmin, type PartnerAdmin } from '../partners/admin.ts';
import { createPublishedPartners, type PublishedPartners } from '../partners/book.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config/config.ts';
import { loadOrCreateSecret } from '../runtime/secret-file.ts';
import { inHome, type Storage } from './storage.ts';

/** The joint programme: who takes part, on what terms, and what they do. */
export interface Partners {
  readonly published: PublishedPartners;
  readonly admin: PartnerAdmin;
}

export interface PartnersDeps {
  readonly config: () => Config;
  readonly home: string;
  readonly storage: Storage;
  readonly ledger: Ledger;
  readonly clock: Clock;
}

export async function openPartners(deps: PartnersDeps): Promise<Partners> {
  const { clock, ledger, home } = deps;
  const { pool } = deps.storage;
  const master = await masterSecret(deps.config(), home);
  const published = createPublishedPartners(pool, clock);
  return {
    published,
    admin: createPartnerAdmin({ pool, ledger, clock, published, master }),
  };
}

/** The configured secret where there is one: several daemons need the same. */
async function masterSecret(config: Config, home: string): Promise<Buffer> {
  const { secret } = config.partners;
  return secret === undefined
    ? loadOrCreateSecret(inHome(home, 'partners.key'))
    : Buffer.from(secret, 'utf8');
}
