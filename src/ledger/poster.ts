import { Fault, IntakeFull } from '../errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { counter, gauge, histogram } from '../runtime/metrics.ts';
import { openPipeline, type Pipeline, type PipelineOptions } from '../storage/pipeline.ts';
import type { Instant } from '../values/instant.ts';
import { runBatch, type BatchContext } from './batch.ts';
import type { Operation, Posted } from './operation.ts';
import type { LeasedOutbox } from './records.ts';

/** Live: a person or a peer waits. Bulk: sweeps, imports, campaigns; never more than half a batch. */
export type Queue = 'live' | 'bulk';

export interface Poster {
  /**
   * Posts one operation in the next free batch.
   *
   * Rejects with IntakeFull (live queue at its bound, or no intake at all for now), Fault (database down or slow: try again with the same request)
   * or the assertion that the operation itself broke.
   */
  post(operation: Operation, queue?: Queue): Promise<Posted>;
  /** True while at least one lane reached the database at its last attempt. */
  healthy(): boolean;
  /** Finishes what is queued, until the deadline, then closes the lanes. */
  close(deadlineMs: number): Promise<void>;
}

export interface PosterOptions {
  readonly pipeline: PipelineOptions;
  readonly lanes: number;
  readonly batchMax: number;
  readonly liveMax: number;
  /** False while nothing new may be written: the disk of Postgres is nearly full. */
  intakeOpen(): boolean;
  /** An operation that is not posted by then is answered with a Fault; it may still be posted later. */
  readonly patienceMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly context: BatchContext;
  /** Called after COMMIT with the messages that this batch created, before the answers. */
  onOutbox(rows: readonly LeasedOutbox[]): void;
}

export const POSTER_DEFAULTS = { lanes: 2, batchMax: 200, liveMax: 5_000, patienceMs: 5_000 } as const;

interface Queued {
  readonly operation: Operation;
  readonly resolve: (posted: Posted) => void;
  readonly reject: (error: Error) => void;
  readonly since: Instant;
  tries: number;
}

/** Serialization failure, deadlock, and a request key that another lane inserted first: run the same again. */
const RETRIED_SQLSTATES = new Set(['40001', '40P01', '23505']);
const TRIES_MAX = 5;
const RECONNECT_MIN_MS = 100;
const RECONNECT_MAX_MS = 2_000;

const postedTotal = counter('bonusgate_ledger_operations_total', 'Operations by outcome', ['outcome']);
const batchSeconds = histogram('bonusgate_ledger_batch_seconds', 'Time of one batch, lock to commit');
const queueDepth = gauge('bonusgate_ledger_queue_depth', 'Operations waiting for a lane', ['queue']);

/** Opens nothing until the first operation. */
export function createPoster(options: PosterOptions): Poster {
  const poster = new LanePoster(options);
  poster.start();
  return poster;
}

class LanePoster implements Poster {
  readonly #options: PosterOptions;
  readonly #live: Queued[] = [];
  readonly #bulk: Queued[] = [];
  readonly #idle: (() => void)[] = [];
  readonly #loops: Promise<void>[] = [];
  /** Accounts whose arithmetic broke: posting for them stops until somebody has looked. */
  readonly #stopped = new Set<number>();
  #connected = 0;
  #everFailed = false;
  #closing = false;

  constructor(options: PosterOptions) {
    this.#options = options;
  }

  start(): void {
    for (let lane = 0; lane < this.#options.lanes; lane++) this.#loops.push(this.#serve());
  }

  post(operation: Operation, queue: Queue = 'live'): Promise<Posted> {
    if (this.#closing) return Promise.reject(new Fault('ledger is stopping'));
    const isFull = queue === 'live' && this.#live.length >= this.#options.liveMax;
    if (isFull || !this.#options.intakeOpen()) return Promise.reject(new IntakeFull());
    if (operation.keys.accounts.some((key) => this.#stopped.has(key.id))) {
      return Promise.reject(new Fault('posting is stopped for this account after a broken assertion'));
    }
    return new Promise((resolve, reject) => {
      const waiting = queue === 'live' ? this.#live : this.#bulk;
      waiting.push({ operation, resolve, reject, since: this.#options.clock.now(), tries: 0 });
      this.#idle.shift()?.();
    });
  }

  healthy(): boolean {
    return this.#connected > 0 || !this.#everFailed;
  }

  async close(deadlineMs: number): Promise<void> {
    this.#closing = true;
    for (const wake of this.#idle.splice(0)) wake();
    const cancel = this.#options.clock.after(deadlineMs, () => this.#failAll(new Fault('ledger stopped')));
    await Promise.all(this.#loops);
    cancel();
  }

  /**
   * One lane: connect, post batches while there are any, reconnect with back-off. It opens with the first work; once
   * lost it opens again without any, or a daemon that gets no traffic because it is not ready would stay so.
   */
  async #serve(): Promise<void> {
    let backoffMs = RECONNECT_MIN_MS;
    let begun = false;
    while ((begun && !this.#closing) || (await this.#workWaits())) {
      begun = true;
      let lane: Pipeline;
      try {
        lane = await openPipeline(this.#options.pipeline);
      } catch (error) {
        this.#everFailed = true;
        this.#options.log.warn({ err: error }, 'ledger lane cannot reach the database');
        this.#failImpatient();
        await new Promise<void>((resolve) => void this.#options.clock.after(backoffMs, resolve));
        backoffMs = Math.min(backoffMs * 2, RECONNECT_MAX_MS);
        continue;
      }
      backoffMs = RECONNECT_MIN_MS;
      this.#connected += 1;
      try {
        await this.#serveOn(lane);
      } finally {
        this.#connected -= 1;
        await lane.close().catch(() => undefined);
      }
    }
  }

  /** Ends when the lane is lost or, while closing, when nothing is left. */
  async #serveOn(lane: Pipeline): Promise<void> {
    const link = { lost: false };
    void lane.lost.then((error) => {
      link.lost = true;
      this.#everFailed = true;
      if (!this.#closing) this.#options.log.warn({ err: error }, 'ledger lane lost its connection');
      for (const wake of this.#idle.splice(0)) wake();
    });
    while (await this.#workWaits(() => link.lost)) {
      if (link.lost) return;
      const batch = this.#nextBatch();
      if (batch.length > 0 && !(await this.#postBatch(lane, batch))) return;
    }
  }

  /** False when closing and empty; otherwise resolves when there may be something to do. */
  async #workWaits(isLost: () => boolean = () => false): Promise<boolean> {
    while (this.#live.length === 0 && this.#bulk.length === 0 && !isLost()) {
      if (this.#closing) return false;
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
    return true;
  }

  #nextBatch(): Queued[] {
    const { batchMax } = this.#options;
    const bulkMax = Math.max(1, Math.floor(batchMax / 2));
    const bulk = this.#bulk.splice(0, Math.min(bulkMax, this.#bulk.length));
    const live = this.#live.splice(0, batchMax - bulk.length);
    queueDepth.set({ queue: 'live' }, this.#live.length);
    queueDepth.set({ queue: 'bulk' }, this.#bulk.length);
    return [...live, ...bulk];
  }

  /** Returns false when the lane is no longer usable. */
  async #postBatch(lane: Pipeline, batch: readonly Queued[]): Promise<boolean> {
    const stop = batchSeconds.startTimer();
    try {
      const decided = await runBatch(
        lane,
        batch.map((queued) => queued.operation),
        this.#options.context,
      );
      stop();
      this.#answer(batch, decided);
      return true;
    } catch (error) {
      const usable = await lane.command('rollback').then(
        () => true,
        () => false,
      );
      if (usable) return this.#isolate(lane, batch, error);
      this.#options.log.warn({ err: error, operations: batch.length }, 'ledger batch did not complete');
      this.#requeue(batch, error);
      return false;
    }
  }

  /** Halves a failing batch until the operation that spoils it stands alone. */
  async #isolate(lane: Pipeline, batch: readonly Queued[], error: unknown): Promise<boolean> {
    if (RETRIED_SQLSTATES.has(sqlState(error)) && batch.every((queued) => queued.tries < TRIES_MAX)) {
      for (const queued of batch) queued.tries += 1;
      return this.#postBatch(lane, batch);
    }
    const only = batch.length === 1 ? batch[0] : undefined;
    if (only !== undefined) {
      postedTotal.inc({ outcome: 'fault' });
      this.#options.log.error(
        { err: error, operation: only.operation.request.operation },
        'operation cannot be posted',
      );
      only.reject(new Fault('operation cannot be posted', { cause: error }));
      return true;
    }
    const middle = Math.ceil(batch.length / 2);
    if (await this.#postBatch(lane, batch.slice(0, middle)))
      return this.#postBatch(lane, batch.slice(middle));
    this.#requeue(batch.slice(middle), error);
    return false;
  }

  #answer(batch: readonly Queued[], decided: Awaited<ReturnType<typeof runBatch>>): void {
    const outbox = decided.flatMap((one) => ('posted' in one ? messagesOf(one.posted) : []));
    if (outbox.length > 0) this.#options.onOutbox(outbox);
    batch.forEach((queued, index) => {
      const one = decided[index]!;
      if ('posted' in one) {
        postedTotal.inc({ outcome: outcomeOf(one.posted) });
        queued.resolve(one.posted);
      } else {
        this.#stop(queued, one.bug);
      }
    });
  }

  #stop(queued: Queued, bug: unknown): void {
    postedTotal.inc({ outcome: 'bug' });
    for (const key of queued.operation.keys.accounts) this.#stopped.add(key.id);
    this.#options.log.error(
      { err: bug, operation: queued.operation.request.operation },
      'ledger assertion broken',
    );
    queued.reject(bug instanceof Error ? bug : new Error(String(bug)));
  }

  /** It is unknown whether the batch was committed: the same operations again; their requests make that harmless. */
  #requeue(batch: readonly Queued[], cause: unknown): void {
    const now = this.#options.clock.now();
    const patient: Queued[] = [];
    for (const queued of batch) {
      if (now - queued.since >= this.#options.patienceMs) {
        postedTotal.inc({ outcome: 'unknown' });
        queued.reject(new Fault('outcome unknown', { cause }));
      } else {
        patient.push(queued);
      }
    }
    this.#live.unshift(...patient);
  }

  #failImpatient(): void {
    const batch = [...this.#live.splice(0), ...this.#bulk.splice(0)];
    this.#requeue(batch, new Fault('database unreachable'));
  }

  #failAll(error: Fault): void {
    for (const queued of [...this.#live.splice(0), ...this.#bulk.splice(0)]) queued.reject(error);
  }
}

function messagesOf(posted: Posted): readonly LeasedOutbox[] {
  if (posted.kind === 'duplicate') return [];
  const { outbox, notices = [] } = posted;
  return outbox === undefined ? notices : [outbox, ...notices];
}

function outcomeOf(posted: Posted): string {
  if (posted.kind === 'duplicate') return 'duplicate';
  return posted.replayed ? 'replayed' : posted.verdict.kind;
}

/** SQLSTATE of a server error; empty for anything of the client library's own. */
function sqlState(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
