import type { Clock } from '../runtime/clock.ts';
import type { NotifyConfig } from '../runtime/config/notify.ts';
import type { Logger } from '../runtime/log.ts';
import type { PostgresPool } from '../storage/postgres.ts';
import type { TraceId } from '../values/trace.ts';
import { HeldMessages, type Held } from './held-messages.ts';
import { createLane } from './lane.ts';
import { durations, outcomes, queued } from './metrics.ts';
import { keyOf, type OutboxKey, type OutboxRow, type Settlement } from './outbox.ts';
import { again, ended, isStale, priorityOf, settle } from './policy.ts';
import type { OutboundSms, SendSms, SubmitReceipt } from './ports.ts';
import { createPriorityQueue } from './priority-queue.ts';
import { matchEarlyReceipts } from './receipt-store.ts';
import { claimDue, releaseLeases, renewLeases, writeSettlements } from './store.ts';

export interface DispatcherDeps {
  readonly pool: PostgresPool;
  readonly send: SendSms;
  readonly clock: Clock;
  readonly log: Logger;
  readonly config: NotifyConfig;
  /** This daemon's number in `lease_owner`; never that of another running daemon. */
  readonly owner: number;
  /** Whether the number is still the subscriber's: a message that waited must not reach its next owner. */
  /** True while no message may leave. */
  readonly isStopped?: () => boolean;
  readonly stillOwns: (subscriber: number, msisdn: string) => Promise<boolean>;
}

export interface Dispatcher {
  /** Begins to look for due messages; {@link Dispatcher.offer} works without. */
  start(): void;
  /** Messages committed just now, on lease to this daemon. */
  offer(rows: readonly OutboxRow[]): void;
  /** A dialogue or call has shown the message: it is not sent. */
  markShown(key: OutboxKey): void;
  /** A dialogue or call could not show it: it is sent now. */
  sendNow(key: OutboxKey): void;
  /** Sends what is due, writes what happened, gives the rest back. */
  stop(): Promise<void>;
}

const SETTLE_BATCH_MAX = 500;
const SETTLE_RETRY_MS = 1_000;

/**
 * Takes messages from the outbox to the wire.
 *
 * Nothing is lost: a row stays open until its end is written. A duplicate is possible only where a daemon died between
 * sending and writing, and where the configuration repeats unanswered messages. A row is sent only while its lease has
 * room for a whole attempt, so a daemon that was frozen cannot use an old one.
 */
export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  return new OutboxDispatcher(deps);
}

class OutboxDispatcher implements Dispatcher {
  readonly #deps: DispatcherDeps;
  readonly #held: HeldMessages;
  readonly #queue = createPriorityQueue<Held>();
  readonly #settlements = createLane<Settlement>(SETTLE_BATCH_MAX, (batch) => this.#write(batch));
  readonly #renewals = createLane<{ held: Held; answer: (ours: boolean) => void }>(
    SETTLE_BATCH_MAX,
    (batch) => this.#renew(batch),
  );
  #inFlight = 0;
  #stopping = false;
  #gaveUp = false;
  #cancelPoll: (() => void) | undefined;
  #polling: Promise<void> | undefined;
  #wakeStop: (() => void) | undefined;
  #stopped: Promise<void> | undefined;

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
    this.#held = new HeldMessages(deps.config.queueMax);
  }

  start(): void {
    this.#polling = this.#poll();
  }

  offer(rows: readonly OutboxRow[]): void {
    for (const row of rows) {
      if (this.#stopping || this.#held.has(row) || this.#held.isFull(row.priority)) continue;
      const now = this.#deps.clock.now();
      // Another machine's clock wrote the row: never trust a lease to last longer than one lease from now.
      const held: Held = {
        row: { ...row, trace: ownCopy(row.trace) },
        leaseUntil: Math.min(row.leaseUntil, now + this.#deps.config.leaseMs),
        stage: 'waiting',
      };
      this.#held.add(held);
      if (row.dueAt > now)
        held.cancelTimer = this.#deps.clock.after(row.dueAt - now, () => this.#enqueue(held));
      else this.#enqueue(held);
    }
    queued.set(this.#held.size);
  }

  markShown(key: OutboxKey): void {
    const held = this.#held.get(key);
    if (held?.stage === 'sending' || held?.stage === 'settling') return;
    held?.cancelTimer?.();
    this.#settle(ended(key, 'shown', this.#deps.clock.now()));
  }

  sendNow(key: OutboxKey): void {
    const held = this.#held.get(key);
    if (held?.stage !== 'waiting') return;
    held.cancelTimer?.();
    this.#enqueue(held);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelPoll?.();
    await this.#polling;
    const deadline = new Promise<void>((resolve) => {
      this.#deps.clock.after(this.#deps.config.stopTimeoutMs, () => {
        this.#gaveUp = true;
        resolve();
      });
    });
    await Promise.race([this.#drained(), deadline]);
    this.#gaveUp = true;
    await this.#release();
  }

  #enqueue(held: Held): void {
    held.stage = 'queued';
    this.#queue.push(held.row.priority, held);
    this.#pump();
  }

  #pump(): void {
    if (this.#deps.isStopped?.() === true) return;
    while (!this.#gaveUp && this.#inFlight < this.#deps.config.inFlightMax) {
      const held = this.#queue.shift();
      if (held === undefined) break;
      if (held.stage !== 'queued') continue;
      held.stage = 'sending';
      this.#inFlight += 1;
      void this.#attempt(held).finally(() => {
        this.#inFlight -= 1;
        this.#pump();
        if (this.#isIdle()) this.#wakeStop?.();
      });
    }
  }

  /** One attempt; whatever happens, the row is settled or left to its lease. */
  async #attempt(held: Held): Promise<void> {
    const { clock, config, log } = this.#deps;
    const { row } = held;
    try {
      if (isStale(row, clock.now(), config)) return this.#settle(ended(row, 'expired', clock.now()));
      if (held.leaseUntil - clock.now() < config.sendMaxMs && !(await this.#renewOne(held)))
        return this.#drop(held);
      if (!(await this.#mayReceive(row))) return this.#settle(ended(row, 'withdrawn', clock.now()));
      const begun = clock.now();
      const receipt = await this.#deps.send(toOutbound(row));
      durations.observe({ priority: priorityOf(row) }, (clock.now() - begun) / 1_000);
      this.#tell(row, receipt);
      this.#settle(settle(row, receipt, clock.now(), config));
    } catch (error) {
      log.error({ err: error, home: row.home, id: row.id }, 'message not sent, will be retried');
      this.#settle(again(row, clock.now(), config));
    }
  }

  #tell(row: OutboxRow, receipt: SubmitReceipt): void {
    outcomes.inc({ priority: priorityOf(row), result: receipt.kind });
    if (receipt.kind === 'accepted') return;
    const { kind, ...facts } = receipt;
    this.#deps.log.warn({ trace: row.trace.toString('hex'), result: kind, ...facts }, 'message not accepted');
  }

  async #mayReceive(row: OutboxRow): Promise<boolean> {
    const waited = this.#deps.clock.now() - row.createdAt;
    if (row.subscriber === null || waited < this.#deps.config.recheckAfterMs) return true;
    return this.#deps.stillOwns(row.subscriber, row.destination);
  }

  #renewOne(held: Held): Promise<boolean> {
    return new Promise((answer) => this.#renewals.add({ held, answer }));
  }

  async #renew(batch: readonly { held: Held; answer: (ours: boolean) => void }[]): Promise<void> {
    const { pool, owner, clock, config, log } = this.#deps;
    const leaseUntil = clock.now() + config.leaseMs;
    let ours = new Set<string>();
    try {
      ours = await renewLeases(
        pool,
        owner,
        leaseUntil,
        batch.map(({ held }) => held.row),
      );
    } catch (error) {
      log.error({ err: error, messages: batch.length }, 'leases not renewed');
    }
    for (const { held, answer } of batch) {
      const renewed = ours.has(keyOf(held.row));
      if (renewed) held.leaseUntil = leaseUntil;
      answer(renewed);
    }
  }

  /** Forgets a message whose lease is lost: whoever has it sends it, or the poller finds it again. */
  #drop(held: Held): void {
    this.#held.delete(held.row);
    outcomes.inc({ priority: priorityOf(held.row), result: 'lease_lost' });
  }

  #settle(settlement: Settlement): void {
    const held = this.#held.get(settlement);
    if (held !== undefined) held.stage = 'settling';
    this.#settlements.add(settlement);
  }

  /** Writes a batch until it is written: what the SMSC accepted must not be forgotten because of a lost connection. */
  async #write(batch: readonly Settlement[]): Promise<void> {
    const { pool, owner, log, clock } = this.#deps;
    for (;;) {
      try {
        const written = await writeSettlements(pool, owner, batch);
        const lost = batch.filter((settlement) => !written.has(keyOf(settlement)));
        if (lost.length > 0) log.warn({ messages: lost.length }, 'messages were settled by another daemon');
        break;
      } catch (error) {
        log.error({ err: error, messages: batch.length }, 'settlements not written, will be retried');
        if (this.#gaveUp) break;
        await new Promise<void>((resolve) => clock.after(SETTLE_RETRY_MS, resolve));
      }
    }
    for (const settlement of batch) this.#held.delete(settlement);
    queued.set(this.#held.size);
  }

  /** One round: due rows of each priority in turn, and receipts that came early; then again after a while. */
  async #poll(): Promise<void> {
    this.#pump();
    const { pool, clock, config, log } = this.#deps;
    let more = true;
    while (more && !this.#stopping) {
      try {
        more = await this.#claim();
        await matchEarlyReceipts(pool, clock.now() - config.earlyReceiptMs);
      } catch (error) {
        more = false;
        log.error({ err: error }, 'outbox not polled');
      }
    }
    if (this.#stopping) return;
    this.#cancelPoll = clock.after(config.pollMs, () => {
      this.#polling = this.#poll();
    });
  }

  /** True when a full chunk was taken: there may be more. */
  async #claim(): Promise<boolean> {
    const { pool, clock, config, owner } = this.#deps;
    let full = false;
    for (const priority of [0, 1, 2]) {
      const limit = Math.min(config.claimMax, this.#room(priority));
      if (limit <= 0) continue;
      const now = clock.now();
      const rows = await claimDue(pool, { owner, priority, now, leaseUntil: now + config.leaseMs, limit });
      full ||= rows.length === limit;
      this.offer(rows);
    }
    return full;
  }

  /**
   * As many again as the wires work on may wait in memory: enough to keep them busy between two polls. What is less
   * urgent does not count, it waits behind.
   */
  #room(priority: number): number {
    return this.#deps.config.inFlightMax * 2 - this.#inFlight - this.#queue.sizeUpTo(priority);
  }

  #isIdle(): boolean {
    return this.#inFlight === 0 && this.#queue.size === 0;
  }

  async #drained(): Promise<void> {
    if (!this.#isIdle()) await new Promise<void>((resolve) => (this.#wakeStop = resolve));
    await this.#settlements.idle();
  }

  async #release(): Promise<void> {
    const left = [...this.#held.values()].filter(({ stage }) => stage === 'waiting' || stage === 'queued');
    for (const { cancelTimer } of left) cancelTimer?.();
    this.#held.clear();
    if (left.length === 0) return;
    try {
      await releaseLeases(
        this.#deps.pool,
        this.#deps.owner,
        left.map(({ row }) => row),
      );
    } catch (error) {
      this.#deps.log.warn({ err: error, messages: left.length }, 'messages left to their leases');
    }
  }
}

/** A few octets are a slice of a larger piece of memory, which thousands of waiting messages would keep alive. */
function ownCopy(octets: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(octets.length);
  octets.copy(copy);
  return copy;
}

function toOutbound(row: OutboxRow): OutboundSms {
  return {
    id: keyOf(row),
    trace: row.trace.toString('hex') as TraceId,
    ...(row.smsc === null ? {} : { smsc: row.smsc }),
    source: row.source,
    destination: row.destination,
    text: row.body,
    receipt: row.receipt,
    priority: priorityOf(row),
  };
}
