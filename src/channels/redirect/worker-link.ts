import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { CashbackChange, SnapshotChunk } from '../../cashback/changes.ts';
import type { FromWorker, ToWorker, WorkerSettings } from './ipc.ts';

export interface WorkerLinkEvents {
  /** Anything the link does not handle itself. */
  message(message: FromWorker): void;
  exit(code: number | null): void;
}

/** Thrown into everybody who waits for a worker that died. */
export class WorkerGone extends Error {
  override readonly name = 'WorkerGone';
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** The parent's end of one worker process: what it was sent, what it acknowledged, which connections it has. */
export class WorkerLink {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<string, Waiter[]>();
  readonly #exit: Promise<void>;
  #connections = 0;
  #alive = true;

  constructor(child: ChildProcess, events: WorkerLinkEvents) {
    this.#child = child;
    child.on('message', (message) => this.#receive(message as FromWorker, events));
    child.on('error', () => undefined);
    this.#exit = new Promise((resolve) => {
      child.on('exit', (code) => {
        this.#lose();
        resolve();
        events.exit(code);
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  isAlive(): boolean {
    return this.#alive;
  }

  /** Connections handed to the worker and not closed yet. */
  get connections(): number {
    return this.#connections;
  }

  /** Resolves when the worker took the settings. */
  configure(settings: WorkerSettings): Promise<void> {
    return this.#ask({ type: 'settings', settings }, 'ready');
  }

  /** Streams a snapshot, one chunk in flight; resolves when the worker decides by it. */
  async load(version: number, chunks: AsyncIterable<SnapshotChunk>): Promise<void> {
    this.#send({ type: 'snapshot-begin', version });
    for await (const chunk of chunks) await this.#ask({ type: 'snapshot-chunk', chunk }, 'chunk-ack');
    await this.#ask({ type: 'snapshot-end' }, 'snapshot-ack');
  }

  /** Resolves when the worker has applied the delta, or is dead: its successor reads everything anew. */
  async apply(version: number, changes: readonly CashbackChange[]): Promise<void> {
    await this.#ask({ type: 'delta', version, changes }, `delta-ack ${version}`).catch(() => undefined);
  }

  hand(socket: Socket, overLimit: boolean): void {
    this.#connections += 1;
    this.#send({ type: 'socket', overLimit }, socket);
  }

  /** Resolves when the process has ended. */
  stop(timeoutMs: number): Promise<void> {
    this.#send({ type: 'stop', timeoutMs });
    return this.#exit;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #send(message: ToWorker, socket?: Socket): void {
    if (!this.#child.connected) {
      socket?.destroy();
      return;
    }
    this.#child.send(message, socket, {}, (error) => {
      if (error !== null) socket?.destroy();
    });
  }

  #ask(message: ToWorker, answer: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.#alive) {
        reject(new WorkerGone('the ICAP worker is gone'));
        return;
      }
      this.#waiting.set(answer, [...(this.#waiting.get(answer) ?? []), { resolve, reject }]);
      this.#send(message);
    });
  }

  #receive(message: FromWorker, events: WorkerLinkEvents): void {
    switch (message.type) {
      case 'closed':
        this.#connections -= 1;
        return events.message(message);
      case 'ready':
      case 'chunk-ack':
      case 'snapshot-ack':
        return this.#settle(message.type);
      case 'delta-ack':
        return this.#settle(`delta-ack ${message.version}`);
      case 'gap':
      case 'shown':
      case 'report':
        return events.message(message);
    }
  }

  /** One kind of answer comes in the order of the questions. */
  #settle(answer: string): void {
    const [first, ...rest] = this.#waiting.get(answer) ?? [];
    if (rest.length === 0) this.#waiting.delete(answer);
    else this.#waiting.set(answer, rest);
    first?.resolve();
  }

  #lose(): void {
    this.#alive = false;
    for (const { reject } of [...this.#waiting.values()].flat())
      reject(new WorkerGone('the ICAP worker is gone'));
    this.#waiting.clear();
  }
}
