import { Refusal } from '../errors.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import {
  findStatement,
  insertStatementEvent,
  lockStatement,
  type StatementState,
  type StoredStatement,
} from './statement-store.ts';

/** What may follow: a dispute ends with a confirmation, and only what is confirmed is paid. */
const FOLLOWS: Readonly<Record<StatementState, readonly StatementState[]>> = {
  closed: ['confirmed', 'disputed'],
  disputed: ['confirmed'],
  confirmed: ['paid'],
  paid: [],
};

export interface Said {
  readonly state: Exclude<StatementState, 'closed'>;
  readonly saidMinor?: bigint;
  readonly reason: string;
  readonly actor: string;
  readonly at: number;
}

/**
 * Writes down how a statement goes on. Saying what it is already changes nothing.
 *
 * @throws Refusal `statement_unknown`, `clearing_state` with `state`
 */
export async function say(
  pool: PostgresPool,
  period: string,
  partner: number,
  said: (statement: StoredStatement) => Said,
): Promise<StoredStatement> {
  return pool.transaction(async (tx) => {
    const known = await getStatement(tx, period, partner);
    await lockStatement(tx, known);
    const statement = await getStatement(tx, period, partner);
    const { state, saidMinor, reason, actor, at } = said(statement);
    const isSame = saidMinor === undefined || saidMinor === statement.saidMinor;
    if (statement.state === state && isSame) return statement;
    if (!FOLLOWS[statement.state].includes(state)) {
      throw new Refusal('clearing_state', { state: statement.state });
    }
    await insertStatementEvent(tx, statement, { state, saidMinor, reason, actor, at });
    return getStatement(tx, period, partner);
  });
}

/** @throws Refusal `statement_unknown` */
export async function getStatement(
  db: Pick<PostgresPool, 'query'>,
  period: string,
  partner: number,
): Promise<StoredStatement> {
  const found = await findStatement(db, period, partner);
  if (found === undefined) throw new Refusal('statement_unknown');
  return found;
}

/**
 * What a partner's own sum means: within the tolerance it confirms the statement, beyond it disputes it
 * (bonus-core §3.8, "tolerance auto-match").
 */
export function answerOf({ netMinor }: StoredStatement, saidMinor: bigint, toleranceMinor: bigint) {
  const difference = saidMinor > netMinor ? saidMinor - netMinor : netMinor - saidMinor;
  return difference <= toleranceMinor ? 'confirmed' : 'disputed';
}
