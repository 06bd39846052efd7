import type { Db } from '../storage/postgres.ts';
import { poolPart, POOL_PARTS, walletOf, type AccountKey, type RecordRef } from './keys.ts';
import { unpackLots, type Lot } from './lots.ts';
import { ACCOUNT_STATUS, ROLE, type PendingRecord } from './records.ts';
import type { Original } from './decide/reverse.ts';

/** Opens the wallet of a new subscriber; part of the registration's own transaction. */
export async function openWallet(tx: Db, subscriber: bigint, at: number): Promise<void> {
  const { home, id } = walletOf(subscriber);
  await tx.query('insert into account (home, id, role, opened_at) values ($1, $2, $3, $4)', [
    home,
    id,
    ROLE.wallet,
    new Date(at),
  ]);
}

/**
 * Stops a wallet or lets it go on, part of the transaction that suspends or resumes its owner: the row lock puts it
 * before or after every batch. What staff froze or what is closed stays so.
 */
export async function setWalletSuspended(tx: Db, subscriber: bigint, suspended: boolean): Promise<void> {
  const { home, id } = walletOf(subscriber);
  const [from, to] = suspended
    ? [ACCOUNT_STATUS.active, ACCOUNT_STATUS.suspended]
    : [ACCOUNT_STATUS.suspended, ACCOUNT_STATUS.active];
  await tx.query(
    'update account set status = $4, version = version + 1 where home = $1 and id = $2 and status = $3',
    [home, id, from, to],
  );
}

/** Opens the sixteen empty parts of a shared ceiling. */
export async function openPool(tx: Db, pool: number): Promise<void> {
  const parts = Array.from({ length: POOL_PARTS }, (_, part) => poolPart(pool, part));
  await tx.query(
    `insert into account (home, id, role) select home, id, ${String(ROLE.pool)}
      from unnest($1::smallint[], $2::bigint[]) k(home, id) on conflict do nothing`,
    [parts.map((part) => part.home), parts.map((part) => part.id)],
  );
}

/** What each part of a pool holds, in order of the parts; empty when the pool was never opened. */
export async function listPool(db: Db, pool: number): Promise<bigint[]> {
  const parts = Array.from({ length: POOL_PARTS }, (_, part) => poolPart(pool, part));
  const rows = await db.query<{ balance: bigint }>(
    `select a.balance from unnest($1::smallint[], $2::bigint[]) with ordinality k(home, id, part)
      join account a using (home, id) order by k.part`,
    [parts.map((part) => part.home), parts.map((part) => part.id)],
  );
  return rows.map((row) => row.balance);
}

/** Whether anything was ever put into the pool. */
export async function isPoolFilled(db: Db, pool: number): Promise<boolean> {
  const { home, id } = poolPart(pool, 0);
  const rows = await db.query('select 1 from posting where home = $1 and account = $2 limit 1', [home, id]);
  return rows.length > 0;
}

/** A wallet as an enquiry sees it, without a lock. */
export interface WalletView {
  readonly balance: bigint;
  readonly held: bigint;
  readonly debt: bigint;
  readonly lots: readonly Lot[];
}

export async function findWallet(db: Db, account: AccountKey): Promise<WalletView | undefined> {
  const rows = await db.query<{ balance: bigint; held: bigint; debt: bigint; lots: Buffer }>(
    'select balance, held, debt, lots from account where home = $1 and id = $2',
    [account.home, account.id],
  );
  const row = rows[0];
  return row && { ...row, lots: unpackLots(row.lots) };
}

export interface StatementLine {
  readonly transfer: bigint;
  readonly kind: number;
  readonly delta: bigint;
  readonly balanceAfter: bigint;
  readonly reason: string | null;
  readonly at: Date;
}

/** Movements of a wallet, newest first; `before` is the serial (base 36) of the last line of the page before. */
export async function listStatement(
  db: Db,
  account: AccountKey,
  limit: number,
  before?: string,
): Promise<StatementLine[]> {
  const start = before === undefined ? Number.MAX_SAFE_INTEGER : parseInt(before, 36);
  return db.query<StatementLine>(
    `select p.transfer, t.kind, p.delta, p.balance_after as "balanceAfter", t.reason, t.at
       from posting p join transfer t on t.home = p.transfer_home and t.id = p.transfer
      where p.home = $1 and p.account = $2 and p.transfer < $3 order by p.transfer desc limit $4`,
    [account.home, account.id, Number.isSafeInteger(start) ? start : 0, limit],
  );
}

/** The original of a reversal: immutable, so it may be read before the accounts are locked. */
export async function findTransfer(db: Db, home: number, serial: number): Promise<Original | undefined> {
  const rows = await db.query<{
    home: number;
    id: bigint;
    kind: number;
    src: bigint;
    dst: bigint;
    amount: bigint;
    slices: Buffer;
  }>('select home, id, kind, src, dst, amount, slices from transfer where home = $1 and id = $2', [
    home,
    serial,
  ]);
  const row = rows[0];
  return (
    row && {
      ...row,
      id: Number(row.id),
      src: Number(row.src),
      dst: Number(row.dst),
      slices: unpackLots(row.slices),
    }
  );
}

export type OpenPending = Pick<PendingRecord, 'id' | 'codeHash' | 'command'>;

/** Pendings whose time is not over, executed ones included: a confirmation said twice finds what it confirmed. */
export async function listPendings(db: Db, account: AccountKey, now: number): Promise<OpenPending[]> {
  return db.query<OpenPending>(
    `select id, code_hash as "codeHash", command from pending
      where home = $1 and account = $2 and expires_at > to_timestamp($3::float8 / 1000) order by expires_at desc`,
    [account.home, account.id, now],
  );
}

export async function findPendingById(db: Db, home: number, id: Buffer): Promise<OpenPending | undefined> {
  const rows = await db.query<OpenPending>(
    'select id, code_hash as "codeHash", command from pending where home = $1 and id = $2',
    [home, id],
  );
  return rows[0];
}

/** Wallets with lapsed lots, a page at a time by key. Lots are packed, so the caller looks inside. */
export async function listWalletPage(
  db: Db,
  after: AccountKey,
  limit: number,
): Promise<{ key: AccountKey; lots: Lot[] }[]> {
  const rows = await db.query<{ home: number; id: bigint; lots: Buffer }>(
    `select home, id, lots from account where (home, id) > ($1, $2) and role = ${String(ROLE.wallet)}
      order by home, id limit $3`,
    [after.home, after.id, limit],
  );
  return rows.map((row) => ({ key: { home: row.home, id: Number(row.id) }, lots: unpackLots(row.lots) }));
}

/** Holds whose time is over and that nobody ended. */
export async function listLapsedHolds(db: Db, now: number, limit: number): Promise<RecordRef[]> {
  const rows = await db.query<{ account: bigint; serial: bigint }>(
    `select account, serial from hold where state = 0 and expires_at <= to_timestamp($1::float8 / 1000)
      order by expires_at limit $2`,
    [now, limit],
  );
  return rows.map((row) => ({ account: Number(row.account), serial: Number(row.serial) }));
}

/** What must always be true of the whole ledger; all zero on a sound one. */
export interface LedgerAudit {
  readonly accounts: bigint;
  readonly transfers: bigint;
  /** Member postings plus system legs: zero. */
  readonly sum: bigint;
  /** Accounts whose balance is not the sum of their postings. */
  readonly balanceMismatches: bigint;
  /** Wallets whose balance is not their lots plus what is held. */
  readonly lotMismatches: bigint;
  /** Accounts whose held total is not the sum of their active holds. */
  readonly holdMismatches: bigint;
}

/** Reads the whole ledger in one snapshot; for audits, smoke and crash tests, not for the hot path. */
export async function auditLedger(db: Db): Promise<LedgerAudit> {
  const rows = await db.query<Omit<LedgerAudit, 'lotMismatches'>>(
    `with legs as (select home, account, sum(delta) as delta from posting group by home, account),
      holds as (select home, account, sum(amount) as amount from hold where state = 0 group by home, account)
     select (select count(*) from account) as accounts, (select count(*) from transfer) as transfers,
       ((select coalesce(sum(delta), 0) from posting)
         + (select coalesce(sum(delta), 0) from system_posting))::bigint as sum,
       (select count(*) from account a left join legs l on l.home = a.home and l.account = a.id
         where a.balance <> coalesce(l.delta, 0)) as "balanceMismatches",
       (select count(*) from account a left join holds h on h.home = a.home and h.account = a.id
         where a.held <> coalesce(h.amount, 0)) as "holdMismatches"`,
  );
  return { ...rows[0]!, lotMismatches: await countLotMismatches(db) };
}

async function countLotMismatches(db: Db): Promise<bigint> {
  let mismatches = 0n;
  let after: AccountKey = { home: -1, id: 0 };
  for (;;) {
    const rows = await db.query<{ home: number; id: bigint; balance: bigint; held: bigint; lots: Buffer }>(
      `select home, id, balance, held, lots from account
        where (home, id) > ($1, $2) and role = ${String(ROLE.wallet)} order by home, id limit 5000`,
      [after.home, after.id],
    );
    const last = rows.at(-1);
    if (last === undefined) return mismatches;
    for (const row of rows) {
      const lots = unpackLots(row.lots).reduce((sum, lot) => sum + lot.points, 0n);
      if (lots + row.held !== row.balance) mismatches += 1n;
    }
    after = { home: last.home, id: Number(last.id) };
  }
}
