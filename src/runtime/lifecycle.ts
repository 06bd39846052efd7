import { spawn } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';
import { counter } from './metrics.ts';

/** One piece of the daemon with a beginning and an end: a pool, a listener, a job. */
export interface Part {
  readonly name: string;
  start(): Promise<void> | void;
  /** Drains and closes. Called only after `start` succeeded. */
  stop(): Promise<void> | void;
  /** Instead of the general deadline: a front end that drains calls may take longer than a pool. */
  readonly stopTimeoutMs?: number;
}

export interface LifecycleOptions {
  /** Started in this order, stopped in exact reverse. */
  readonly parts: readonly Part[];
  /** SIGHUP. An exception is logged and changes nothing. */
  readonly reload: () => Promise<void> | void;
  readonly startTimeoutMs: number;
  readonly stopTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where signals come from; the process itself outside tests. */
  readonly signals?: SignalSource;
  /** Tells the service manager; `systemd-notify` outside tests. */
  readonly notify?: Notify;
}

/** What is used of `process`. */
export type SignalSource = Pick<EventEmitter, 'on' | 'off'>;

export type Notify = (state: 'ready' | 'reloading' | 'stopping') => Promise<void>;

const bugs = counter('bonusgate_bugs_total', 'Exceptions that nobody expected; each is a bug to report');

/**
 * Runs the daemon from start to exit code; the only owner of signals.
 *
 * SIGTERM and SIGINT stop it, SIGHUP reloads it, a second SIGTERM or SIGINT stops waiting for what is being drained.
 * It is ready when the last part has started, and not earlier. An exception that nobody caught is logged and counted,
 * and the daemon goes on: one peer's bytes must not disconnect all others, and the ledger commits whole or not at all.
 *
 * @returns 0 after a clean stop, 1 when a part did not start or missed its deadline
 */
export async function runLifecycle(options: LifecycleOptions): Promise<number> {
  const { parts, log, signals = process, notify = notifySystemd(log) } = options;
  // Timers of the clock do not keep the process alive; this one does until the exit code is known.
  const alive = setInterval(() => undefined, 2 ** 30);
  const stop = gate();
  const hurry = gate();
  const off = listen(signals, {
    stop: (signal) => {
      log.info({ signal }, stop.isOpen() ? 'told again to stop: not waiting any longer' : 'told to stop');
      if (stop.isOpen()) hurry.open();
      stop.open();
    },
    reload: () => void reload(options, notify),
    bug: (error) => {
      bugs.inc();
      log.error({ err: error }, 'unexpected exception: please report this bug');
    },
  });
  const started: Part[] = [];
  let code = 0;
  try {
    for (const part of parts) {
      if (stop.isOpen()) break;
      await startPart(part, options);
      started.push(part);
    }
    if (!stop.isOpen()) {
      log.info('ready');
      await notify('ready');
    }
    await stop.opened;
  } catch (error) {
    log.fatal({ err: error }, 'cannot start');
    code = 1;
  }
  void notify('stopping');
  for (const part of started.reverse()) {
    if (!(await stopPart(part, options, hurry.opened))) code = 1;
  }
  off();
  clearInterval(alive);
  log.info({ exitCode: code }, 'stopped');
  return code;
}

async function startPart(part: Part, { clock, startTimeoutMs, log }: LifecycleOptions): Promise<void> {
  const since = performance.now();
  const outcome = await Promise.race([
    Promise.resolve(part.start()).then(() => 'started'),
    deadline(clock, startTimeoutMs),
  ]);
  if (outcome !== 'started') throw new Error(`${part.name} did not start within ${startTimeoutMs} ms`);
  log.debug({ part: part.name, ms: Math.round(performance.now() - since) }, 'started');
}

async function stopPart(part: Part, options: LifecycleOptions, hurry: Promise<void>): Promise<boolean> {
  const { clock, log } = options;
  const stopTimeoutMs = part.stopTimeoutMs ?? options.stopTimeoutMs;
  const stopping = Promise.resolve()
    .then(() => part.stop())
    .then(
      () => 'stopped',
      (error: unknown) => {
        log.error({ err: error, part: part.name }, 'part failed to stop');
        return 'failed';
      },
    );
  const outcome = await Promise.race([stopping, deadline(clock, stopTimeoutMs), hurry.then(() => 'hurried')]);
  if (outcome === 'late' || outcome === 'hurried') {
    log.error({ part: part.name, stopTimeoutMs, outcome }, 'part did not stop in time');
  }
  return outcome === 'stopped';
}

async function reload({ reload: run, log }: LifecycleOptions, notify: Notify): Promise<void> {
  await notify('reloading');
  try {
    await run();
  } catch (error) {
    log.error({ err: error }, 'reload failed, nothing was changed');
  }
  await notify('ready');
}

interface Handlers {
  readonly stop: (signal: string) => void;
  readonly reload: () => void;
  readonly bug: (error: unknown) => void;
}

function listen(signals: SignalSource, { stop, reload: onReload, bug }: Handlers): () => void {
  const onTerm = () => stop('SIGTERM');
  const onInt = () => stop('SIGINT');
  const listeners: [string, (value: unknown) => void][] = [
    ['SIGTERM', onTerm],
    ['SIGINT', onInt],
    ['SIGHUP', onReload],
    ['uncaughtException', bug],
    ['unhandledRejection', bug],
  ];
  for (const [name, listener] of listeners) signals.on(name, listener);
  return () => {
    for (const [name, listener] of listeners) signals.off(name, listener);
  };
}

/** A promise that somebody else resolves, and whether they did. */
function gate() {
  let open = (): void => undefined;
  let isOpen = false;
  const opened = new Promise<void>((resolve) => {
    open = () => {
      isOpen = true;
      resolve();
    };
  });
  return { opened, isOpen: () => isOpen, open: () => open() };
}

function deadline(clock: Clock, ms: number): Promise<'late'> {
  return new Promise((resolve) => clock.after(ms, () => resolve('late')));
}

const NOTIFY_MS = 5_000;

/** Speaks sd_notify(3) through the program `systemd-notify`: Node has no unix datagram sockets. */
function notifySystemd(log: Logger): Notify {
  const socket = process.env['NOTIFY_SOCKET'];
  if (socket === undefined || socket === '') return () => Promise.resolve();
  return (state) =>
    new Promise((resolve) => {
      const child = spawn('systemd-notify', [`--${state}`], { stdio: 'ignore', timeout: NOTIFY_MS });
      child.once('error', (error) => {
        log.warn({ err: error }, 'systemd-notify cannot be run');
        resolve();
      });
      child.once('exit', () => resolve());
    });
}
