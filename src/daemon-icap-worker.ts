/**
 * Entry file of an ICAP worker process, forked by `daemon-icap.ts`. It holds the decision snapshot and the return-URL
 * key, no database and no listener: connections come from the parent, and with the parent it ends.
 */
import type { Socket } from 'node:net';
import { createIcapServer, type IcapServer } from '../protocols/icap/server.ts';
import type { ShownRecord } from './cashback/changes.ts';
import { createDecide, type DecideContext } from './channels/redirect/decide.ts';
import type { FromWorker, ToWorker, WorkerSettings } from './channels/redirect/ipc.ts';
import { createReturnTickets } from './channels/redirect/return-url.ts';
import { createWorkerCounts } from './channels/redirect/worker-counts.ts';
import { createWorkerSnapshot } from './channels/redirect/worker-snapshot.ts';
import { systemClock } from './runtime/clock.ts';
import { createLogger, type Logger } from './runtime/log.ts';

const REPORT_MS = 1_000;
const SHOWN_MS = 100;
const SHOWN_WAITING_MAX = 10_000;

let clockOffsetMs = 0;
let paused = false;
let log: Logger | undefined;
const clock = systemClock(() => clockOffsetMs);
const snapshot = createWorkerSnapshot();
const counts = createWorkerCounts();
let shown: ShownRecord[] = [];
let server: IcapServer | undefined;
let decideContext: { -readonly [Key in keyof DecideContext]: DecideContext[Key] } | undefined;

function send(message: FromWorker): void {
  // A parent that is gone is noticed by 'disconnect'; until then nothing may throw here.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

function settle(settings: WorkerSettings): void {
  ({ clockOffsetMs, paused } = settings);
  const tickets = createReturnTickets(settings.returnKeys);
  const policyTag = JSON.stringify(settings.policy);
  if (server !== undefined && decideContext !== undefined) {
    decideContext.policy = settings.policy;
    decideContext.tickets = tickets;
    server.reconfigure(settings.icap, policyTag);
    if (log !== undefined) log.level = settings.logLevel;
    return;
  }
  decideContext = {
    clock,
    tickets,
    policy: settings.policy,
    snapshot: () => snapshot.current(),
    paused: () => paused,
    shown: (record) => {
      if (shown.length < SHOWN_WAITING_MAX) shown.push(record);
    },
  };
  log = createLogger({ level: settings.logLevel }).child({ icapWorker: process.pid });
  const decide = createDecide(decideContext);
  server = createIcapServer(settings.icap, { clock, log, decide, observer: counts.observer, policyTag });
}

function flushShown(): void {
  if (shown.length === 0) return;
  send({ type: 'shown', records: shown });
  shown = [];
}

function report(): void {
  const found = counts.take();
  if (found !== undefined) send({ type: 'report', report: found });
}

function every(ms: number, run: () => void): void {
  clock.after(ms, () => {
    run();
    every(ms, run);
  });
}

function takeSocket(overLimit: boolean, socket: Socket | undefined): void {
  // The client may have gone while the handle travelled.
  if (socket === undefined || server === undefined) return send({ type: 'closed' });
  socket.allowHalfOpen = true;
  socket.once('close', () => send({ type: 'closed' }));
  if (overLimit) server.refuse(socket);
  else server.accept(socket);
}

async function stop(timeoutMs: number): Promise<void> {
  await server?.stop(timeoutMs);
  flushShown();
  report();
  process.disconnect();
}

function receive(message: ToWorker, handle: unknown): void {
  switch (message.type) {
    case 'settings':
      settle(message.settings);
      return send({ type: 'ready' });
    case 'snapshot-begin':
      return snapshot.begin(message.version);
    case 'snapshot-chunk':
      snapshot.load(message.chunk);
      return send({ type: 'chunk-ack' });
    case 'snapshot-end':
      snapshot.end();
      return send({ type: 'snapshot-ack' });
    case 'delta':
      if (!snapshot.apply(message.version, message.changes)) return send({ type: 'gap' });
      return send({ type: 'delta-ack', version: message.version });
    case 'socket':
      return takeSocket(message.overLimit, handle as Socket | undefined);
    case 'stop':
      void stop(message.timeoutMs);
  }
}

// Ctrl-C reaches the whole process group; when to stop is the parent's decision.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('message', receive);
every(REPORT_MS, report);
every(SHOWN_MS, flushShown);
