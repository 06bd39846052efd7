import { createHash } from 'node:crypto';
import type { KeyedKind, OwnedKey } from '../ledger/kinds/keyed.ts';
import { sagaKind, type SagaRecord } from '../ledger/kinds/saga.ts';
import {
  toRead,
  toWrite,
  type Decision,
  type Operation,
  type RecordRead,
  type View,
} from '../ledger/operation.ts';

/** The operation that ends one step. */
export interface StepEnd {
  /** Verb for the journal. */
  readonly operation: string;
  readonly part: Pick<Operation, 'keys' | 'decide'>;
}

/**
 * One kind of saga. `run` does the outside part of the present step and answers the operation that ends it; it rejects
 * with a Fault when it is not known what the other side did, and is then called again later with the same record.
 */
export interface SagaType {
  readonly type: string;
  run(saga: SagaRecord): Promise<StepEnd>;
}

/** Key of the outside call and of the request that ends a step; the same for every repetition. */
export function stepKey({ type, account, serial }: SagaRecord, step: string): string {
  return `${type}:${account.toString(36)}.${serial.toString(36)}:${step}`;
}

export function stepRequestKey(saga: SagaRecord, step: string): Buffer {
  return createHash('sha256').update(stepKey(saga, step)).digest().subarray(0, 16);
}

/**
 * Ends a step under the lock: `decide` sees the saga as it is then, and what it answers is written with the saga's next
 * state. When another run has already ended the step, nothing happens.
 */
export function endStep(
  saga: SagaRecord,
  keys: Operation['keys'],
  decide: (view: View, saga: SagaRecord) => Decision & { readonly next: SagaRecord },
): Pick<Operation, 'keys' | 'decide'> {
  return {
    keys: { ...keys, records: [...(keys.records ?? []), toRead(sagaKind, saga)] },
    decide: (view) => {
      const present = view.find(sagaKind, saga);
      if (present === undefined || present.step !== saga.step || present.dueAt === null)
        return { data: null };
      const { next, ...decision } = decide(view, present);
      return { ...decision, records: [...(decision.records ?? []), toWrite(sagaKind, next)] };
    },
  };
}

export function ended(saga: SagaRecord, step: string): SagaRecord {
  return { ...saga, step, dueAt: null };
}

export function nextStep(saga: SagaRecord, step: string, dueAt: number): SagaRecord {
  return { ...saga, step, dueAt, attempts: 0 };
}

export function readOf<Row extends OwnedKey>(
  kind: KeyedKind<Row>,
  saga: SagaRecord,
  serial: number | null,
): RecordRead[] {
  return serial === null ? [] : [toRead(kind, { home: saga.home, account: saga.account, serial })];
}
