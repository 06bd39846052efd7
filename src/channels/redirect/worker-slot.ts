import type { CashbackChange, SnapshotChunk } from '../../cashback/changes.ts';
import type { Clock } from '../../runtime/clock.ts';
import { jitter } from '../../runtime/ids.ts';
import type { Logger } from '../../runtime/log.ts';
import type { FromWorker, WorkerSettings } from './ipc.ts';
import type { WorkerLink, WorkerLinkEvents } from './worker-link.ts';
import { workerRestarts } from './worker-metrics.ts';

export interface WorkerSlotDeps {
  readonly clock: Clock;
  readonly log: Logger;
  spawn(events: WorkerLinkEvents): WorkerLink;
  loadSnapshot(): AsyncIterable<SnapshotChunk>;
  settings(): WorkerSettings;
  /** Number of the last delta that was sent: a new snapshot stands for all up to it. */
  version(): number;
  message(slot: WorkerSlot, message: FromWorker): void;
  changed(): void;
}

const BACKOFF_MS = 200;
const BACKOFF_MAX_MS = 30_000;
const STEADY_MS = 60_000;
const RELOAD_RETRY_MS = 1_000;
const ACK_MS = 2_000;

/** A place for one worker process: fills it, loads it, and fills it again when the process dies, ever more slowly. */
export class WorkerSlot {
  readonly #deps: WorkerSlotDeps;
  #link!: WorkerLink;
  #configured = false;
  #ready = false;
  #closed = false;
  #loading: Promise<void> = Promise.resolve();
  #startedAt = 0;
  #failures = 0;
  #cancelRestart: () => void = () => undefined;

  constructor(deps: WorkerSlotDeps) {
    this.#deps = deps;
  }

  get link(): WorkerLink {
    return this.#link;
  }

  /** May be given connections. */
  get usable(): boolean {
    return this.#configured && this.#link.isAlive();
  }

  /** Decides by a complete snapshot. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Resolves when the process took its settings; the snapshot follows by itself. */
  async start(): Promise<void> {
    this.#startedAt = this.#deps.clock.now();
    const link: WorkerLink = this.#deps.spawn({
      message: (message) => this.#deps.message(this, message),
      exit: (code) => this.#died(link, code),
    });
    this.#link = link;
    await link.configure(this.#deps.settings());
    this.#configured = true;
    void this.reload();
  }

  /** Reads the snapshot anew, after a reading in progress; resolves when it is in use. Tries until it succeeds. */
  reload(): Promise<void> {
    const link = this.#link;
    this.#loading = this.#loading.then(() => this.#load(link));
    return this.#loading;
  }

  /**
   * Resolves when the change is applied. A worker that does not acknowledge is killed: its successor reads the change
   * from Postgres.
   */
  async apply(version: number, changes: readonly CashbackChange[]): Promise<void> {
    const link = this.#link;
    if (!link.isAlive()) return;
    const cancel = this.#deps.clock.after(ACK_MS, () => {
      this.#deps.log.error({ worker: link.pid }, 'icap worker does not acknowledge');
      link.kill();
    });
    await link.apply(version, changes);
    cancel();
  }

  async configure(settings: WorkerSettings): Promise<void> {
    // A dead worker's successor gets the new settings at its start.
    if (this.#link.isAlive()) await this.#link.configure(settings).catch(() => undefined);
  }

  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    this.#cancelRestart();
    const link = this.#link;
    const cancel = this.#deps.clock.after(timeoutMs + ACK_MS, () => link.kill());
    await link.stop(timeoutMs);
    cancel();
  }

  async #load(link: WorkerLink): Promise<void> {
    while (link.isAlive()) {
      try {
        await link.load(this.#deps.version(), this.#deps.loadSnapshot());
        this.#ready = link === this.#link;
        return this.#deps.changed();
      } catch (error) {
        if (!link.isAlive()) return;
        this.#deps.log.warn({ err: error, worker: link.pid }, 'icap snapshot not read');
        await new Promise<void>((resolve) => {
          this.#deps.clock.after(RELOAD_RETRY_MS, resolve);
        });
      }
    }
  }

  #died(link: WorkerLink, code: number | null): void {
    if (this.#closed) return;
    const { clock, log } = this.#deps;
    this.#configured = this.#ready = false;
    this.#failures = clock.now() - this.#startedAt > STEADY_MS ? 1 : this.#failures + 1;
    const delayMs = Math.min(BACKOFF_MS * 2 ** (this.#failures - 1), BACKOFF_MAX_MS) * (0.75 + jitter() / 2);
    log.error({ worker: link.pid, code, delayMs }, 'icap worker died');
    workerRestarts.inc();
    this.#cancelRestart = clock.after(delayMs, () => {
      this.start().catch((error: unknown) => log.warn({ err: error }, 'icap worker did not start'));
    });
    this.#deps.changed();
  }
}
