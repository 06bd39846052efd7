import type { AccountKey } from '../ledger/keys.ts';
import type { RedemptionRecord } from '../ledger/records.ts';
import type { Db } from '../storage/postgres.ts';

interface Row extends Omit<
  RedemptionRecord,
  'account' | 'serial' | 'hold' | 'transfer' | 'benefit' | 'stockPart' | 'cancelUntil' | 'createdAt'
> {
  readonly account: bigint;
  readonly serial: bigint;
  readonly hold: bigint | null;
  readonly transfer: bigint | null;
  readonly benefit: bigint | null;
  readonly stockPart: bigint | null;
  readonly cancelUntil: Date | null;
  readonly createdAt: Date;
}

const COLUMNS = `home, account, serial, item, price_list as "priceList", points, state, hold, transfer, voucher, benefit,
  stock_part as "stockPart", cancel_until as "cancelUntil", created_at as "createdAt"`;

export async function findRedemption(
  db: Db,
  { home, id }: AccountKey,
  serial: number,
): Promise<RedemptionRecord | undefined> {
  const rows = await db.query<Row>(
    `select ${COLUMNS} from redemption where home = $1 and account = $2 and serial = $3`,
    [home, id, serial],
  );
  return rows[0] && toRecord(rows[0]);
}

/** The member's orders, newest first. */
export async function listRedemptions(
  db: Db,
  { home, id }: AccountKey,
  limit: number,
  before = Number.MAX_SAFE_INTEGER,
): Promise<RedemptionRecord[]> {
  const rows = await db.query<Row>(
    `select ${COLUMNS} from redemption where home = $1 and account = $2 and serial < $3
      order by serial desc limit $4`,
    [home, id, before, limit],
  );
  return rows.map(toRecord);
}

const numberOrNull = (value: bigint | null): number | null => (value === null ? null : Number(value));

function toRecord(row: Row): RedemptionRecord {
  return {
    ...row,
    account: Number(row.account),
    serial: Number(row.serial),
    hold: numberOrNull(row.hold),
    transfer: numberOrNull(row.transfer),
    benefit: numberOrNull(row.benefit),
    stockPart: numberOrNull(row.stockPart),
    cancelUntil: row.cancelUntil?.getTime() ?? null,
    createdAt: row.createdAt.getTime(),
  };
}
