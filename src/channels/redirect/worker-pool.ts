import type { Socket } from 'node:net';
import type { CashbackChange, ShownRecord, SnapshotChunk } from '../../cashback/changes.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import type { FromWorker, WorkerSettings } from './ipc.ts';
import type { WorkerLink, WorkerLinkEvents } from './worker-link.ts';
import { addReport, connectionsLimit, connectionsNow, workersReady } from './worker-metrics.ts';
import { WorkerSlot } from './worker-slot.ts';

export interface WorkerPoolDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: WorkerSettings;
  spawn(events: WorkerLinkEvents): WorkerLink;
  loadSnapshot(): AsyncIterable<SnapshotChunk>;
  shown(records: readonly ShownRecord[]): void;
}

/** Keeps `icap.workers` processes alive, spreads connections over them and sends every change to all of them. */
export class WorkerPool {
  readonly #deps: WorkerPoolDeps;
  readonly #slots: readonly WorkerSlot[];
  #settings: WorkerSettings;
  #version = 0;
  #closed = false;

  constructor(deps: WorkerPoolDeps) {
    this.#deps = deps;
    this.#settings = deps.settings;
    this.#slots = Array.from(
      { length: deps.settings.icap.workers },
      () =>
        new WorkerSlot({
          clock: deps.clock,
          log: deps.log,
          spawn: (events) => deps.spawn(events),
          loadSnapshot: () => deps.loadSnapshot(),
          settings: () => this.#settings,
          version: () => this.#version,
          message: (slot, message) => this.#receive(slot, message),
          changed: () => this.#measure(),
        }),
    );
    connectionsLimit.set(deps.settings.icap.connectionsMax);
  }

  /** Resolves when every worker took its settings: from then on connections may come. */
  async start(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.start()));
  }

  /** Gives a connection to the worker with the fewest; one over the limit is told so by the worker. */
  hand(socket: Socket): void {
    const usable = this.#slots.filter((slot) => slot.usable);
    const [first, ...rest] = usable;
    if (first === undefined || this.#closed) {
      // A DPI without an answer lets its subscriber pass.
      socket.destroy();
      return;
    }
    const least = rest.reduce(
      (best, slot) => (slot.link.connections < best.link.connections ? slot : best),
      first,
    );
    least.link.hand(socket, this.#connections() >= this.#settings.icap.connectionsMax);
    this.#measure();
  }

  /** Sends changes to all workers; resolves when each has applied them, or is dead and will read them. */
  async publish(changes: readonly CashbackChange[]): Promise<void> {
    this.#version += 1;
    const version = this.#version;
    await Promise.all(this.#slots.map((slot) => slot.apply(version, changes)));
  }

  async configure(settings: WorkerSettings): Promise<void> {
    this.#settings = settings;
    connectionsLimit.set(settings.icap.connectionsMax);
    await Promise.all(this.#slots.map((slot) => slot.configure(settings)));
  }

  async reload(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.reload()));
  }

  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#slots.map((slot) => slot.close(timeoutMs)));
    connectionsNow.set(0);
    workersReady.set(0);
  }

  workers(): { pid: number | undefined; connections: number; ready: boolean }[] {
    return this.#slots.map(({ link, ready }) => ({ pid: link.pid, connections: link.connections, ready }));
  }

  #receive(slot: WorkerSlot, message: FromWorker): void {
    if (message.type === 'report') addReport(message.report, this.#deps.clock.now() / 1_000);
    else if (message.type === 'gap') void slot.reload();
    else if (message.type === 'shown') {
      this.#deps.shown(message.records);
      void this.publish(
        message.records.map(({ subscriber, atS }) => ({ kind: 'shown', subscriber, atS }) as const),
      );
    } else this.#measure();
  }

  #connections(): number {
    return this.#slots.reduce((sum, { link }) => sum + (link.isAlive() ? link.connections : 0), 0);
  }

  #measure(): void {
    connectionsNow.set(this.#connections());
    workersReady.set(this.#slots.filter((slot) => slot.ready).length);
  }
}
