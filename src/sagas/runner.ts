import { assert } from '../errors.ts';
import { keyOf } from '../ledger/keys.ts';
import { sagaKind, type SagaRecord } from '../ledger/kinds/saga.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { toRead, toWrite, type Operation } from '../ledger/operation.ts';
import { channelNumber, contentHash, traceOctets } from '../ledger/request-key.ts';
import { newTraceId } from '../runtime/ids.ts';
import type { Logger } from '../runtime/log.ts';
import { counter } from '../runtime/metrics.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import { HOUR_MS, SECOND_MS } from '../values/instant.ts';
import { stepKey, stepRequestKey, type SagaType } from './saga.ts';
import { listDueSagas } from './store.ts';

export interface RunnerDeps {
  readonly ledger: Ledger;
  readonly pool: PostgresPool;
  readonly log: Logger;
  /** Time of the ledger, the demo's shift included. */
  now(): number;
}

/** How long a step may take before another runner takes it over; then doubling waits, up to an hour. */
const LEASE_MS = 30 * SECOND_MS;
const RETRY_MAX_MS = HOUR_MS;
const TAKEN_MAX = 50;
/** Tries after which somebody should look; it goes on all the same, since giving up would guess. */
const TRIES_ALARMING = 10;

const stepsTotal = counter('bonusgate_saga_steps_total', 'Steps of sagas by outcome', ['type', 'outcome']);

/**
 * Runs the steps that are due. Each is first claimed under its account's lock, by moving its due time: of two runners
 * one gets it, and a runner that dies leaves it due again (P19).
 *
 * @returns how many steps were ended
 */
export async function runDueSagas(deps: RunnerDeps, types: readonly SagaType[]): Promise<number> {
  const names = types.map(({ type }) => type);
  const due = await listDueSagas(deps.pool, names, deps.now(), TAKEN_MAX);
  const outcomes = await Promise.all(
    due.map((saga) =>
      runStep(
        deps,
        types.find(({ type }) => type === saga.type)!,
        saga,
      ),
    ),
  );
  return outcomes.filter(Boolean).length;
}

async function runStep(deps: RunnerDeps, type: SagaType, seen: SagaRecord): Promise<boolean> {
  const saga = await claim(deps, seen);
  if (saga === undefined) return false;
  try {
    const { operation, part } = await type.run(saga);
    const request = {
      ...systemRequest(saga, operation),
      key: stepRequestKey(saga, saga.step),
    };
    const posted = await deps.ledger.post({ ...part, request });
    assert(posted.kind === 'posted', 'a step is no MO');
    if (posted.verdict.kind === 'refused') throw new Error(`step refused: ${posted.verdict.code}`);
    stepsTotal.inc({ type: saga.type, outcome: 'ended' });
    return true;
  } catch (error) {
    stepsTotal.inc({ type: saga.type, outcome: 'retry' });
    const level = saga.attempts >= TRIES_ALARMING ? 'error' : 'warn';
    deps.log[level](
      { err: error, saga: stepKey(saga, saga.step), attempts: saga.attempts },
      'saga step will be tried again',
    );
    return false;
  }
}

/** The saga as claimed: still due, and put off for as long as this run may take. */
async function claim(deps: RunnerDeps, seen: SagaRecord): Promise<SagaRecord | undefined> {
  const claims: SagaRecord[] = [];
  const posted = await deps.ledger.post({
    request: systemRequest(seen, 'claim_step'),
    keys: { accounts: [keyOf(seen.account)], records: [toRead(sagaKind, seen)] },
    decide: (view) => {
      const saga = view.find(sagaKind, seen);
      if (saga === undefined || saga.dueAt === null || saga.dueAt > view.now) return { data: false };
      const claimed = { ...saga, attempts: saga.attempts + 1, dueAt: view.now + waitOf(saga.attempts) };
      claims.push(claimed);
      return { data: true, records: [toWrite(sagaKind, claimed)] };
    },
  });
  const won = posted.kind === 'posted' && posted.verdict.kind === 'done' && posted.verdict.data === true;
  return won ? claims.at(-1) : undefined;
}

function waitOf(attempts: number): number {
  return Math.min(LEASE_MS * 2 ** Math.min(attempts, 10), RETRY_MAX_MS);
}

function systemRequest(saga: SagaRecord, operation: string): Operation['request'] {
  const trace = traceOctets(newTraceId());
  return {
    home: saga.home,
    key: trace,
    contentHash: contentHash({ operation, serial: String(saga.serial), step: saga.step }),
    trace,
    channel: channelNumber('system'),
    actor: 'saga',
    operation,
  };
}
