import { fork } from 'node:child_process';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Answer, CashbackChange, ShownRecord, SnapshotChunk } from './cashback/changes.ts';
import type { WorkerSettings } from './channels/redirect/ipc.ts';
import { createShownLog } from './channels/redirect/shown-log.ts';
import { WorkerLink, type WorkerLinkEvents } from './channels/redirect/worker-link.ts';
import { WorkerPool } from './channels/redirect/worker-pool.ts';
import type { Clock } from './runtime/clock.ts';
import type { CashbackConfig } from './runtime/config/cashback.ts';
import type { IcapConfig } from './runtime/config/icap.ts';
import type { Logger } from './runtime/log.ts';

export interface IcapDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Reads the decision snapshot from Postgres (`listSnapshot`). */
  loadSnapshot(): AsyncIterable<SnapshotChunk>;
  /** Stores audit records of redirects (`recordShown`); may fail, is then tried again. */
  recordShown(records: readonly ShownRecord[]): Promise<void>;
  /** How far the demo moved the clock; 0 when absent. */
  clockOffsetMs?(): number;
}

export interface IcapSettings {
  readonly icap: IcapConfig;
  readonly cashback: CashbackConfig;
}

/** The running ICAP front end: one listener here, requests answered in worker processes. */
export interface IcapFrontEnd {
  readonly address: AddressInfo;
  /** Resolves when every worker passes this subscriber: only then may he be sent on to the shop. */
  applyAnswer(answer: { readonly subscriber: number; readonly answer: Answer }): Promise<void>;
  /** Other changes, in order; resolves when every worker has them. */
  publish(changes: readonly CashbackChange[]): Promise<void>;
  /** Every worker reads the snapshot anew, and the settings when given; requests go on meanwhile. */
  reload(settings?: IcapSettings): Promise<void>;
  /** True: whatever would be redirected passes, since the offer page has no database. */
  pause(paused: boolean): Promise<void>;
  /** Stops listening, lets requests finish, ends the workers and stores what they showed. */
  close(): Promise<void>;
  workers(): readonly {
    readonly pid: number | undefined;
    readonly connections: number;
    readonly ready: boolean;
  }[];
}

/**
 * Starts the ICAP workers and listens. Resolves when the port is open; until a worker has its snapshot its requests
 * pass. The listener stays here for its whole life, so a dying worker never closes the port.
 */
export async function startIcap(settings: IcapSettings, deps: IcapDeps): Promise<IcapFrontEnd> {
  const log = deps.log.child({ part: 'icap' });
  const shown = createShownLog((records) => deps.recordShown(records), deps.clock, log);
  const pool = new WorkerPool({
    clock: deps.clock,
    log,
    spawn: spawnWorker,
    loadSnapshot: () => deps.loadSnapshot(),
    settings: workerSettings(settings, deps, false),
    shown: (records) => shown.add(records),
  });
  const listener = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    pool.hand(socket);
  });
  try {
    await pool.start();
    await listen(listener, settings.icap);
  } catch (error) {
    await pool.close(0);
    throw error;
  }
  listener.on('error', (error) => log.error({ err: error }, 'icap listener failed'));
  let current = settings;
  let paused = false;
  const configure = () => pool.configure(workerSettings(current, deps, paused));
  let closed: Promise<void> | undefined;
  const close = async () => {
    listener.close();
    await pool.close(current.icap.stopTimeoutMs);
    await shown.flush();
  };
  return {
    address: listener.address() as AddressInfo,
    applyAnswer: ({ subscriber, answer }) => pool.publish([{ kind: 'answer', subscriber, answer }]),
    publish: (changes) => pool.publish(changes),
    reload: async (next) => {
      if (next !== undefined) {
        current = next;
        await configure();
      }
      await pool.reload();
    },
    pause: (wanted) => {
      paused = wanted;
      return configure();
    },
    close: () => (closed ??= close()),
    workers: () => pool.workers(),
  };
}

function workerSettings({ icap, cashback }: IcapSettings, deps: IcapDeps, paused: boolean): WorkerSettings {
  const { offerUrl, quietDays, loopGuardParams, returnValidityMs, returnKeys } = cashback;
  return {
    icap,
    policy: { offerUrl, quietDays, loopGuardParams, returnValidityMs },
    returnKeys,
    logLevel: deps.log.level,
    clockOffsetMs: deps.clockOffsetMs?.() ?? 0,
    paused,
  };
}

/** Forks the worker entry next to this file: from sources under tsx, from a build under plain node. */
function spawnWorker(events: WorkerLinkEvents): WorkerLink {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const entry = fileURLToPath(new URL(`./daemon-icap-worker.${extension}`, import.meta.url));
  // A debugger's port can be taken once only.
  const execArgv = process.execArgv.filter((argument) => !argument.startsWith('--inspect'));
  return new WorkerLink(fork(entry, [], { execArgv, serialization: 'advanced' }), events);
}

function listen(listener: Server, { host, port }: IcapConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(port, host, () => {
      listener.off('error', reject);
      resolve();
    });
  });
}
