import { Refusal } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Clock } from '../runtime/clock.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import type { Instant } from '../values/instant.ts';
import { OPERATOR, type Agreement, type AgreementTerms, type Partner } from './agreement.ts';
import type { PublishedPartners } from './book.ts';
import { createPartnerKeys, type HandedKey } from './keys.ts';
import { topUpPrepaid, type ToppedUp, type TopUp } from './prepaid.ts';
import { endAgreement, publishAgreement, type Publisher } from './publish.ts';
import { prepaidPool, quotaLeft } from './quota.ts';
import { savePartner, type PartnerKey } from './store.ts';

export interface PartnerAdminDeps {
  readonly pool: PostgresPool;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly published: PublishedPartners;
  /** What partners' secrets follow from. */
  readonly master: Buffer;
}

/** A partner with all that was agreed and handed out. */
export interface PartnerView extends Partner {
  readonly agreements: readonly Agreement[];
  readonly keys: readonly PartnerKey[];
}

/** What staff do with partners, by the partner's code. Every function may refuse with `partner_unknown`. */
export interface PartnerAdmin {
  list(): Promise<readonly Partner[]>;
  show(code: string): Promise<PartnerView>;
  save(partner: Omit<Partner, 'id'>): Promise<Partner>;
  /** Refusals: `agreement_overlaps`, `idempotency_mismatch`. */
  publish(by: Publisher, code: string, reference: string, terms: AgreementTerms): Promise<Agreement>;
  /** Refusals: `agreement_missing`, `agreement_overlaps`. */
  end(code: string, reference: string, validTo: Instant): Promise<Agreement>;
  /** Refusal: `partner_keys_full`. */
  makeKey(by: Publisher, code: string, name: string): Promise<HandedKey>;
  /** Refusal: `partner_key_unknown`. */
  revokeKey(code: string, name: string): Promise<void>;
  /** Points that the partner has bought and not yet given. */
  prepaid(partner: Pick<Partner, 'id'>): Promise<bigint>;
  /** Refusals: `agreement_missing`, `idempotency_mismatch`. */
  topUp(by: Publisher, code: string, topUp: TopUp): Promise<ToppedUp>;
}

export function createPartnerAdmin(deps: PartnerAdminDeps): PartnerAdmin {
  const { pool, clock, published } = deps;
  const keys = createPartnerKeys(pool, deps.master, clock);
  /** Fresh from the database: staff see what they and others did a moment ago. */
  const find = async (code: string) => {
    const book = await published.reload();
    return { book, partner: book.getPartner(code) };
  };
  /** Published at once in this daemon. */
  const publishing = async <T>(work: Promise<T>): Promise<T> => {
    const done = await work;
    await published.reload();
    return done;
  };
  return {
    list: async () => (await published.reload()).partners,
    show: async (code) => {
      const { book, partner } = await find(code);
      return {
        ...partner,
        agreements: book.agreementsOf(partner.id),
        keys: await keys.listKeys(partner),
      };
    },
    save: (partner) => publishing(savePartner(pool, partner, clock.now())),
    publish: async (by, code, reference, terms) => {
      const { partner } = await find(code);
      return publishing(publishAgreement(deps, by, partner, reference, terms));
    },
    end: async (code, reference, validTo) =>
      publishing(endAgreement(deps, (await find(code)).partner, reference, validTo)),
    makeKey: async (by, code, name) => {
      const { partner } = await find(code);
      // The operator's own points are moved by its own tokens.
      if (partner.id === OPERATOR) throw new Refusal('partner_unknown');
      return publishing(keys.makeKey(partner, name, by.name));
    },
    revokeKey: async (code, name) => publishing(keys.revokeKey((await find(code)).partner, name)),
    prepaid: ({ id }) => quotaLeft(pool, prepaidPool(id)),
    topUp: async (by, code, topUp) => {
      const { book, partner } = await find(code);
      return topUpPrepaid(deps, by, book, partner, topUp, clock.now());
    },
  };
}
