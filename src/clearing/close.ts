import { Refusal } from '../errors.ts';
import { OPERATOR, type Agreement } from '../partners/agreement.ts';
import type { PartnerBook } from '../partners/book.ts';
import type { Db, PostgresPool } from '../storage/postgres.ts';
import {
  findBatch,
  insertBatch,
  insertPositions,
  insertStatement,
  listBatches,
  listOpenCorrections,
  listPositions,
  lockClosing,
  markCorrections,
  type Batch,
} from './batch-store.ts';
import { findFirstTime, findHorizon, listMoved, listMovements } from './journal-store.ts';
import { lineOfCorrection, linesOf, type Terms } from './line.ts';
import { endOfPeriod, nextPeriod, periodAt } from './period.ts';
import { closeBooks, EMPTY_BOOKS } from './position.ts';
import { statementsOf } from './statement.ts';

export interface CloseDeps {
  /** Reads months of the journal in one statement: its time-out is minutes, not seconds. */
  readonly pool: PostgresPool;
  readonly book: PartnerBook;
  /** IANA zone in which months begin and end. */
  readonly zone: string;
  readonly now: number;
}

/**
 * Closes one month for all parties, in one transaction: what was posted in it, and what was posted before and committed
 * too late for its own month. Closing a closed month again changes nothing.
 *
 * @throws Refusal `clearing_not_due` with `next`, the only month that can be closed; `agreement_missing` with `partner`
 * @throws Error when the books do not balance; nothing is stored then
 */
export async function closePeriod(deps: CloseDeps, period: string, closedBy: string): Promise<Batch> {
  return deps.pool.transaction(async (tx) => {
    await lockClosing(tx);
    const done = await findBatch(tx, period);
    if (done !== undefined) return done;
    const next = await findNextPeriod(tx, deps.zone);
    const isOver = (month: string): boolean => endOfPeriod(month, deps.zone) <= deps.now;
    if (next !== period || !isOver(period)) throw new Refusal('clearing_not_due', { next: next ?? 'none' });
    return close(tx, deps, period, closedBy);
  });
}

/** The month after the last closed one, or the first in which anything moved; undefined in an empty ledger. */
export async function findNextPeriod(db: Db, zone: string): Promise<string | undefined> {
  const [last] = await listBatches(db, 1);
  if (last !== undefined) return nextPeriod(last.period);
  const first = await findFirstTime(db);
  return first === undefined ? undefined : periodAt(first, zone);
}

async function close(
  tx: Db,
  { book, zone, now }: CloseDeps,
  period: string,
  closedBy: string,
): Promise<Batch> {
  const [after] = await listBatches(tx, 1);
  const endsAt = endOfPeriod(period, zone);
  const window = { after, endsAt, horizon: await findHorizon(tx) };
  const corrections = await listOpenCorrections(tx);
  const terms = termsOf(book, endsAt);
  const movements = await listMovements(tx, window);
  const lines = [
    ...movements.flatMap((movement) => linesOf(movement, terms)),
    ...corrections.map(lineOfCorrection),
  ];
  const before =
    after === undefined
      ? EMPTY_BOOKS
      : { positions: await listPositions(tx, after.id), balance: after.balance };
  const books = closeBooks(before, await listMoved(tx, window), lines, terms);
  const batch = { period, endsAt, horizon: window.horizon, balance: books.balance, closedBy, closedAt: now };
  const id = await insertBatch(tx, batch);
  await insertPositions(tx, id, books);
  for (const statement of statementsOf(lines)) {
    await insertStatement(tx, id, latestAgreement(book, statement.party, endsAt).vatCode, statement);
  }
  await markCorrections(
    tx,
    id,
    corrections.map(({ id: correction }) => correction),
  );
  return { id, ...batch };
}

function termsOf(book: PartnerBook, endsAt: number): Terms {
  return {
    getAgreement: (id) => book.getAgreement(id),
    reserveRateOf: (issuer) => latestAgreement(book, issuer, endsAt).burnRate,
  };
}

/** The agreement that began last before the end of the period, over or not: what was given under it is still settled. */
function latestAgreement(book: PartnerBook, partner: number, endsAt: number): Agreement {
  const found = book.agreementsOf(partner).findLast(({ validFrom }) => validFrom < endsAt);
  if (found !== undefined) return found;
  const code = partner === OPERATOR ? 'operator' : (book.findById(partner)?.code ?? String(partner));
  throw new Refusal('agreement_missing', { partner: code });
}
