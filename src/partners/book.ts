import { Refusal } from '../errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Db } from '../storage/postgres.ts';
import { later, type Instant } from '../values/instant.ts';
import { findAgreementAt, type Agreement, type Partner } from './agreement.ts';
import { listKeys } from './key-store.ts';
import { listAgreements, listPartners } from './store.ts';

/** Partners, agreements and active keys as published, read without a database. Never changed: a new one replaces it. */
export interface PartnerBook {
  readonly partners: readonly Partner[];
  /** @throws Refusal `partner_unknown` */
  getPartner(code: string): Partner;
  findById(id: number): Partner | undefined;
  /** Oldest first. */
  agreementsOf(partner: number): readonly Agreement[];
  getAgreement(id: number): Agreement;
  /** @throws Refusal `agreement_missing` */
  agreementAt(partner: number, at: number): Agreement;
  /** Whose active key this is. */
  findHolder(keyId: string): Partner | undefined;
}

/** For how long a change by another daemon may stay unseen. Changes by this one are seen at once. */
export const BOOK_FRESH_MS = 5_000;

export interface PublishedPartners {
  /** The book, no older than {@link BOOK_FRESH_MS}. */
  current(): Promise<PartnerBook>;
  reload(): Promise<PartnerBook>;
}

export function createPublishedPartners(db: Db, clock: Clock): PublishedPartners {
  let known: { readonly book: Promise<PartnerBook>; readonly until: Instant } | undefined;
  const reload = (): Promise<PartnerBook> => {
    const book = loadBook(db);
    const entry = { book, until: later(clock.now(), BOOK_FRESH_MS) };
    known = entry;
    book.catch(() => {
      if (known === entry) known = undefined;
    });
    return book;
  };
  return {
    current: () => (known !== undefined && clock.now() < known.until ? known.book : reload()),
    reload,
  };
}

async function loadBook(db: Db): Promise<PartnerBook> {
  const [partners, agreements, keys] = await Promise.all([
    listPartners(db),
    listAgreements(db),
    listKeys(db),
  ]);
  const byCode = new Map(partners.map((partner) => [partner.code, partner]));
  const byId = new Map(partners.map((partner) => [partner.id, partner]));
  const terms = new Map(agreements.map((agreement) => [agreement.id, agreement]));
  const active = new Map(
    keys.filter(({ revokedAt }) => revokedAt === undefined).map(({ id, partner }) => [id, partner]),
  );
  const agreementsOf = (partner: number) => agreements.filter((agreement) => agreement.partner === partner);
  return {
    partners,
    getPartner: (code) => {
      const partner = byCode.get(code);
      if (partner === undefined) throw new Refusal('partner_unknown');
      return partner;
    },
    findById: (id) => byId.get(id),
    agreementsOf,
    getAgreement: (id) => terms.get(id)!,
    agreementAt: (partner, at) => {
      const agreement = findAgreementAt(agreementsOf(partner), at);
      if (agreement === undefined) throw new Refusal('agreement_missing');
      return agreement;
    },
    findHolder: (keyId) => {
      const partner = active.get(keyId);
      return partner === undefined ? undefined : byId.get(partner);
    },
  };
}
