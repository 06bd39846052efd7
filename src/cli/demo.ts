import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Demo } from '../../simulators/demo.ts';
import { CONTROL_SOCKET, runDaemon } from '../daemon/daemon.ts';
import { loadConfig } from '../runtime/config/load.ts';
import type { Config } from '../runtime/config/config.ts';
import { callControl } from '../runtime/control-client.ts';
import { systemClock, type Clock } from '../runtime/clock.ts';
import type { Part } from '../runtime/lifecycle.ts';
import { createLogger, type Logger } from '../runtime/log.ts';
import { waitUntil } from '../runtime/pause.ts';
import { loadOrCreateSecret } from '../runtime/secret-file.ts';
import {
  resetEmbeddedPostgres,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../storage/embedded-postgres.ts';
import { prepareDatabase, runtimeUrl } from '../storage/roles.ts';
import { checkPorts, type DemoPorts } from './demo-ports.ts';
import { DEMO_SUBSCRIBERS, seedDemo } from './demo-seed.ts';
import { DemoState } from './demo-state.ts';
import { print } from './output.ts';

export interface DemoRun {
  readonly home: string;
  readonly ports: DemoPorts;
  readonly reset: boolean;
  readonly version: string;
  readonly logLevel: string | undefined;
  /** Milliseconds per spoken word in the simulated call; a script needs no pause to read along. */
  readonly msPerWord: number;
  /** Called when everything runs; the demo stops when the returned promise settles. */
  readonly onReady?: (demo: RunningDemo) => Promise<void>;
}

/** The whole demo from the outside. */
export interface RunningDemo {
  readonly simulators: Demo;
  call(name: string, args: unknown): Promise<unknown>;
  readonly ports: DemoPorts;
  readonly tokens: { readonly shop: string; readonly billing: string };
}

/** Private Postgres, daemon and simulators in one process, until Ctrl-C. Answers the exit code. */
export async function runDemo(run: DemoRun): Promise<number> {
  const { home } = run;
  mkdirSync(home, { recursive: true, mode: 0o700 });
  await checkPorts(run.ports);
  const log = createLogger({ level: run.logLevel ?? 'warn' });
  if (run.reset && process.env['DATABASE_URL'] === undefined) await resetEmbeddedPostgres(home, log);
  const state = new DemoState(home);
  if (run.reset) state.clear();
  const clock = systemClock(() => state.offsetMs());
  const database = await openDatabase(home, log);
  try {
    const config = demoConfig(run, database.url);
    return await runDaemon({
      config: { ...config, log: { level: log.level as Config['log']['level'] } },
      configFile: DEMO_CONFIG,
      home,
      version: run.version,
      only: [],
      clock,
      log,
      demoClock: {
        offsetMs: () => state.offsetMs(),
        advance: (days) => Promise.resolve(state.advance(days)),
      },
      ...demoParts(run, state, clock, log),
    });
  } finally {
    await database.stop();
  }
}

const DEMO_CONFIG = 'conf/demo.yaml';

/** The file's configuration on this run's ports and database. */
function demoConfig({ ports }: DemoRun, databaseUrl: string): Config {
  const config = loadConfig(DEMO_CONFIG);
  const smscs = config.smpp.smscs.map((smsc) => ({
    ...smsc,
    port: smsc.binds.some((bind) => bind.kind === 'ussd') ? ports.ussd : ports.smsc,
  }));
  return {
    ...config,
    storage: { ...config.storage, databaseUrl },
    billing: { ...config.billing, url: `http://127.0.0.1:${String(ports.billing)}` },
    smpp: { ...config.smpp, smscs },
    ivr: { ...config.ivr, port: ports.esl },
    icap: { ...config.icap, port: ports.icap },
    http: { ...config.http, port: ports.http },
    admin: { ...config.admin, port: ports.admin },
    cashback: { ...config.cashback, offerUrl: `http://127.0.0.1:${String(ports.http)}/offer` },
  };
}

/** DATABASE_URL when it is set, else a server of our own; schema, runtime role and grants brought up to date. */
async function openDatabase(home: string, log: Logger): Promise<{ url: string; stop(): Promise<void> }> {
  const given = process.env['DATABASE_URL'];
  if (given !== undefined) {
    await prepareDatabase(given);
    return { url: given, stop: () => Promise.resolve() };
  }
  // The server's life is real time, wherever the demo's clock stands.
  const server: EmbeddedPostgres = await startEmbeddedPostgres({
    home,
    fsync: true,
    clock: systemClock(),
    log,
  });
  try {
    const password = (await loadOrCreateSecret(path.join(home, 'runtime-role.key'))).toString('hex');
    const { runtimeRole } = await prepareDatabase(server.url, password);
    return { url: runtimeRole ? runtimeUrl(server.url, password) : server.url, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/**
 * The peers are there before the gateway looks for them and until it has said goodbye. Tokens and people need the
 * running gateway, so they come after it.
 */
function demoParts(
  run: DemoRun,
  state: DemoState,
  clock: Clock,
  log: Logger,
): { before: Part[]; after: Part[] } {
  let simulators: Demo | undefined;
  const call = (name: string, args: unknown): Promise<unknown> =>
    callControl(path.resolve(run.home, CONTROL_SOCKET), name, args);
  const tokens = {
    get shop() {
      return state.token('shop') ?? '';
    },
    get billing() {
      return state.token('billing') ?? '';
    },
  };
  const peers: Part = {
    name: 'simulators',
    start: async () => {
      simulators = await startPeers(run, state, tokens, call, clock);
      state.rememberPhone(simulators.phoneUrl);
    },
    stop: () => simulators?.close(),
  };
  const story: Part = {
    name: 'demo',
    start: async () => {
      await seedDemo(call, state);
      await bindsAreUp(call);
      const { onReady } = run;
      if (simulators === undefined) return;
      if (onReady === undefined) {
        print(banner(simulators.phoneUrl));
        return;
      }
      void onReady({ simulators, call, ports: run.ports, tokens })
        .catch((error: unknown) => log.error({ err: error }, 'demo script failed'))
        .finally(() => process.kill(process.pid, 'SIGTERM'));
    },
    stop: () => undefined,
  };
  return { before: [peers], after: [story] };
}

async function bindsAreUp(call: RunningDemo['call']): Promise<void> {
  const isBound = async (): Promise<true | undefined> => {
    const { binds } = (await call('status', {})) as { binds: { phase: string }[] };
    return binds.every((bind) => bind.phase === 'bound') || undefined;
  };
  await waitUntil(isBound, { timeoutMs: 15_000, everyMs: 50 });
}

async function startPeers(
  { ports, msPerWord }: DemoRun,
  state: DemoState,
  tokens: RunningDemo['tokens'],
  call: RunningDemo['call'],
  clock: Clock,
): Promise<Demo> {
  const [{ startSimulators }, { loadManifest }] = await Promise.all([
    import('../../simulators/demo.ts'),
    import('../../simulators/freeswitch/manifest.ts'),
  ]);
  return startSimulators({
    ports,
    smpp: { systemId: 'bonusgate', password: 'demo' },
    gateway: {
      httpUrl: `http://127.0.0.1:${String(ports.http)}`,
      adminUrl: `http://127.0.0.1:${String(ports.admin)}`,
      esl: { host: '127.0.0.1', port: ports.esl },
      icap: { host: '127.0.0.1', port: ports.icap },
    },
    tokens,
    partnerKey: () => state.partnerKey(),
    subscribers: DEMO_SUBSCRIBERS,
    manifest: await loadManifest('conf/ivr'),
    msPerWord,
    now: () => new Date(clock.now()),
    advanceClock: async (days) => {
      await call('advance', { days });
      return new Date(clock.now());
    },
  });
}

function banner(phoneUrl: string): string {
  return [
    '',
    '  bonusgate demo - not for production: simulated peers, known PINs, loopback only',
    '',
    `  Open the phone:      ${phoneUrl}`,
    '  From a terminal:     npm run -s bonusgate -- phone sms --from 79160000001 BALANCE',
    '                       npm run -s bonusgate -- phone ussd --from 79160000001 "*100#"',
    '                       npm run -s bonusgate -- phone call --from 79160000001 1',
    '                       npm run -s bonusgate -- phone browse --from 79160000001 http://books.example/',
    '  Ninety days later:   npm run -s bonusgate -- demo --advance 90d',
    '  Behind an answer:    npm run -s bonusgate -- explain 79160000001',
    '',
    '  Ctrl-C stops everything; data stays in var/ (npm start -- --reset begins anew).',
    '',
  ].join('\n');
}
