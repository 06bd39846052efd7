import { Refusal } from '../errors.ts';
import type { Partner } from '../partners/agreement.ts';
import type { PublishedPartners } from '../partners/book.ts';
import type { Clock } from '../runtime/clock.ts';
import { instant } from '../values/instant.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import { findBatch, listBatches, listPositions, type Batch } from './batch-store.ts';
import { closePeriod, findNextPeriod } from './close.ts';
import { lineFile } from './line-file.ts';
import { endOfPeriod } from './period.ts';
import type { Position } from './position.ts';
import { answerOf, getStatement, say } from './settle.ts';
import {
  insertCorrection,
  listLines,
  listStatements,
  type StatementState,
  type StoredLine,
  type StoredStatement,
} from './statement-store.ts';

export interface ClearingDeps {
  readonly pool: PostgresPool;
  /** Runs `work` with a pool whose statements may take minutes. */
  withPatience<T>(work: (pool: PostgresPool) => Promise<T>): Promise<T>;
  readonly published: PublishedPartners;
  readonly clock: Clock;
  zone(): string;
  /** A partner's sum that differs by no more confirms the statement. */
  toleranceMinor(): bigint;
}

/** The settlement of a joint programme: months closed for ever, a statement for each party (bonus-core §3.8). */
export type Clearing = ReturnType<typeof createClearing>;

export interface Named extends StoredStatement {
  readonly code: string;
}

const STATEMENTS_SHOWN = 500;
const BATCHES_SHOWN = 120;

export function createClearing(deps: ClearingDeps) {
  return { ...periodsOf(deps), ...statementsOf(deps), ...settlementOf(deps) };
}

function periodsOf(deps: ClearingDeps) {
  const { pool, published, clock } = deps;
  const close = async (period: string, actor: string): Promise<Batch> => {
    const book = await published.reload();
    return deps.withPatience((patient) =>
      closePeriod({ pool: patient, book, zone: deps.zone(), now: clock.now() }, period, actor),
    );
  };
  return {
    /** Refusals: `clearing_not_due`, `agreement_missing`. */
    close,

    /** The month after the last closed one. Refusals: `clearing_not_due`, `agreement_missing`. */
    closeNext: async (actor: string): Promise<Batch> => {
      const next = await findNextPeriod(pool, deps.zone());
      if (next === undefined) throw new Refusal('clearing_not_due', { next: 'none' });
      return close(next, actor);
    },

    /** Closes what has been over for `graceMs`; answers the months closed. */
    closeDue: async (graceMs: number): Promise<string[]> => {
      const book = await published.reload();
      if (book.partners.every(({ id }) => book.agreementsOf(id).length === 0)) return [];
      const closed: string[] = [];
      for (;;) {
        const next = await findNextPeriod(pool, deps.zone());
        if (next === undefined || endOfPeriod(next, deps.zone()) + graceMs > clock.now()) return closed;
        await close(next, 'jobs');
        closed.push(next);
      }
    },

    /** Latest first. */
    list: (): Promise<Batch[]> => listBatches(pool, BATCHES_SHOWN),

    /** Refusal: `statement_unknown`. */
    show: async (period: string): Promise<Batch & { readonly positions: readonly Position[] }> => {
      const batch = await findBatch(pool, period);
      if (batch === undefined) throw new Refusal('statement_unknown');
      return { ...batch, positions: await listPositions(pool, batch.id) };
    },
  };
}

/** A statement with its party's code, and a party's number by its code. */
function namesOf({ published }: ClearingDeps) {
  const named = async (statement: StoredStatement): Promise<Named> => ({
    ...statement,
    code: codeOf((await published.current()).findById(statement.partner), statement.partner),
  });
  const partnerOf = async (code: string): Promise<number> => (await published.reload()).getPartner(code).id;
  return { named, partnerOf };
}

function statementsOf(deps: ClearingDeps) {
  const { pool, published } = deps;
  const { named, partnerOf } = namesOf(deps);
  return {
    /** Latest periods first; of one partner where its number is given. */
    statements: async (partner?: number): Promise<Named[]> =>
      Promise.all((await listStatements(pool, partner, STATEMENTS_SHOWN)).map(named)),

    statementOf: async (period: string, partner: number): Promise<Named> =>
      named(await getStatement(pool, period, partner)),

    /** Refusals: `partner_unknown`, `statement_unknown`. */
    statement: async (period: string, code: string): Promise<Named> =>
      named(await getStatement(pool, period, await partnerOf(code))),

    /** Lines after the one with that number. */
    lines: (statement: StoredStatement, after: number, limit: number): Promise<StoredLine[]> =>
      listLines(pool, statement, after, limit),

    /** All lines as CSV. */
    file: async (statement: StoredStatement): Promise<string> => {
      const book = await published.current();
      const lines = await listLines(pool, statement, 0, statement.lines);
      return lineFile(lines, (partner) => codeOf(book.findById(partner), partner));
    },
  };
}

function settlementOf(deps: ClearingDeps) {
  const { pool, clock } = deps;
  const { named, partnerOf } = namesOf(deps);
  return {
    /** A partner says what it came to; within the tolerance that confirms. Refusals: `statement_unknown`, `clearing_state`. */
    answer: async (
      period: string,
      partner: number,
      actor: string,
      { saidMinor, reason }: { readonly saidMinor: bigint; readonly reason: string },
    ): Promise<Named> =>
      named(
        await say(pool, period, partner, (statement) => ({
          state: answerOf(statement, saidMinor, deps.toleranceMinor()),
          ...{ saidMinor, reason, actor, at: clock.now() },
        })),
      ),

    /** Staff decide. Refusals: `partner_unknown`, `statement_unknown`, `clearing_state`. */
    decide: async (
      period: string,
      code: string,
      actor: string,
      { state, reason }: { readonly state: Exclude<StatementState, 'closed'>; readonly reason: string },
    ): Promise<Named> =>
      named(
        await say(pool, period, await partnerOf(code), () => ({ state, reason, actor, at: clock.now() })),
      ),

    /** A line of the next period; a closed one is never changed. Refusals: `partner_unknown`, `idempotency_mismatch`. */
    correct: async (
      code: string,
      actor: string,
      correction: {
        readonly key: string;
        readonly about: string;
        readonly amountMinor: bigint;
        readonly reason: string;
      },
    ): Promise<{ readonly replayed: boolean }> => {
      const partner = await partnerOf(code);
      const at = instant(clock.now());
      const { made, same } = await insertCorrection(pool, { ...correction, partner, actor, at });
      if (!same) throw new Refusal('idempotency_mismatch');
      return { replayed: !made };
    },
  };
}

function codeOf(partner: Partner | undefined, id: number): string {
  return partner?.code ?? String(id);
}
