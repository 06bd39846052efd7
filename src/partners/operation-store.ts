import { partnerOperationKind, type PartnerOperationRecord } from '../ledger/kinds/partner-operation.ts';
import type { Db } from '../storage/postgres.ts';

interface Row {
  readonly home: number;
  readonly account: bigint;
  readonly serial: bigint;
  readonly partner: number;
  readonly kind: string;
  readonly reference: string;
  readonly content_hash: Buffer;
  readonly request_key: Buffer;
  readonly agreement: number;
  readonly subject: bigint | null;
  readonly points: bigint;
  readonly minor: bigint | null;
  readonly refunded_minor: bigint;
  readonly transfer: bigint | null;
  readonly occurred_at: Date;
  readonly created_at: Date;
}

/** What the partner calls by this name; another partner's is never found. */
export async function findOperation(
  db: Db,
  partner: number,
  kind: string,
  reference: string,
): Promise<PartnerOperationRecord | undefined> {
  const rows = await db.query<Row>(
    `select * from ${partnerOperationKind.kind} where partner = $1 and kind = $2 and reference = $3`,
    [partner, kind, reference],
  );
  const row = rows[0];
  return row && toRecord(row);
}

function toRecord(row: Row): PartnerOperationRecord {
  return {
    home: row.home,
    account: Number(row.account),
    serial: Number(row.serial),
    partner: row.partner,
    kind: row.kind,
    reference: row.reference,
    contentHash: row.content_hash,
    requestKey: row.request_key,
    agreement: row.agreement,
    subject: row.subject === null ? null : Number(row.subject),
    points: row.points,
    minor: row.minor,
    refundedMinor: row.refunded_minor,
    transfer: row.transfer === null ? null : Number(row.transfer),
    occurredAt: row.occurred_at.getTime(),
    createdAt: row.created_at.getTime(),
  };
}
