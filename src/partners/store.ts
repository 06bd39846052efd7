import type { Db } from '../storage/postgres.ts';
import { instant, type Instant } from '../values/instant.ts';
import type { Agreement, AgreementTerms, Partner } from './agreement.ts';

/** A key that a partner may sign with. */
export interface PartnerKey {
  readonly id: string;
  readonly partner: number;
  readonly createdAt: Instant;
  readonly revokedAt: Instant | undefined;
}

export async function listPartners(db: Db): Promise<Partner[]> {
  return db.query<Partner>('select id, code, name, blocked from partner order by id');
}

/** Makes a partner, or changes name and state of the one with this code. */
export async function savePartner(
  db: Db,
  { code, name, blocked }: Omit<Partner, 'id'>,
  at: Instant,
): Promise<Partner> {
  const rows = await db.query<Partner>(
    `insert into partner (code, name, blocked, created_at) values ($1, $2, $3, $4)
      on conflict (code) do update set name = excluded.name, blocked = excluded.blocked
      returning id, code, name, blocked`,
    [code, name, blocked, new Date(at)],
  );
  return rows[0]!;
}

interface AgreementRow {
  readonly id: number;
  readonly partner: number;
  readonly reference: string;
  readonly model: Agreement['model'];
  readonly earn_num: bigint;
  readonly earn_den: bigint;
  readonly burn_num: bigint;
  readonly burn_den: bigint;
  readonly minor_per_point: bigint;
  readonly cap: bigint | null;
  readonly max_backdate_days: number;
  readonly breakage_ppm: number;
  readonly grace_days: number;
  readonly vat_code: string;
  readonly valid_from: Date;
  readonly valid_to: Date | null;
}

export async function listAgreements(db: Db): Promise<Agreement[]> {
  const rows = await db.query<AgreementRow>('select * from agreement order by partner, valid_from');
  return rows.map(toAgreement);
}

export async function findAgreement(
  db: Db,
  partner: number,
  reference: string,
): Promise<{ readonly agreement: Agreement; readonly contentHash: Buffer } | undefined> {
  const rows = await db.query<AgreementRow & { content_hash: Buffer }>(
    'select * from agreement where partner = $1 and reference = $2',
    [partner, reference],
  );
  const row = rows[0];
  return row && { agreement: toAgreement(row), contentHash: row.content_hash };
}

/** Rejects with the database's exclusion error when another agreement of the partner is valid then. */
export async function insertAgreement(
  db: Db,
  agreement: AgreementTerms & Pick<Agreement, 'partner' | 'reference'>,
  published: { readonly contentHash: Buffer; readonly by: string; readonly at: Instant },
): Promise<Agreement> {
  const { earnRate, burnRate, validTo } = agreement;
  const rows = await db.query<AgreementRow>(
    `insert into agreement (partner, reference, content_hash, model, earn_num, earn_den, burn_num, burn_den,
        minor_per_point, cap, max_backdate_days, breakage_ppm, grace_days, vat_code, valid_from, valid_to,
        published_by, published_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) returning *`,
    [
      agreement.partner,
      agreement.reference,
      published.contentHash,
      agreement.model,
      earnRate.num,
      earnRate.den,
      burnRate.num,
      burnRate.den,
      agreement.minorPerPoint,
      agreement.cap ?? null,
      agreement.maxBackdateDays,
      Number(agreement.breakagePpm),
      agreement.graceDays,
      agreement.vatCode,
      new Date(agreement.validFrom),
      validTo === undefined ? null : new Date(validTo),
      published.by,
      new Date(published.at),
    ],
  );
  return toAgreement(rows[0]!);
}

/** Brings the end forward or puts one; what has been earned under the agreement stays earned. */
export async function updateAgreementEnd(db: Db, id: number, validTo: Instant): Promise<Agreement> {
  const rows = await db.query<AgreementRow>('update agreement set valid_to = $2 where id = $1 returning *', [
    id,
    new Date(validTo),
  ]);
  return toAgreement(rows[0]!);
}

function toAgreement(row: AgreementRow): Agreement {
  return {
    id: row.id,
    partner: row.partner,
    reference: row.reference,
    model: row.model,
    earnRate: { num: row.earn_num, den: row.earn_den },
    burnRate: { num: row.burn_num, den: row.burn_den },
    minorPerPoint: row.minor_per_point,
    cap: row.cap ?? undefined,
    maxBackdateDays: row.max_backdate_days,
    breakagePpm: BigInt(row.breakage_ppm),
    graceDays: row.grace_days,
    vatCode: row.vat_code,
    validFrom: instant(row.valid_from.getTime()),
    validTo: row.valid_to === null ? undefined : instant(row.valid_to.getTime()),
  };
}
