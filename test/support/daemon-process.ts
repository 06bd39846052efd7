import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { callControl } from '../../src/runtime/control-client.ts';
import { waitUntil } from '../../src/runtime/pause.ts';

/** A real daemon in a process of its own: started from sources, killed like a crash or stopped like a service. */
export interface DaemonProcess {
  readonly httpUrl: string;
  readonly adminUrl: string;
  readonly home: string;
  readonly configFile: string;
  readonly ports: Readonly<Record<'http' | 'admin' | 'ivr' | 'icap', number>>;
  /** Of the process started last. */
  readonly pid: number | undefined;
  isRunning(): boolean;
  /** Starts it and waits until it is ready. */
  start(): Promise<void>;
  /** Starts it and answers its exit code: for what must not even begin. */
  run(): Promise<number | null>;
  /** Other lines of YAML in its file; it is not told. */
  configure(yaml: string): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** SIGKILL: nothing of it gets a chance to tidy up. */
  kill(): Promise<void>;
  /** SIGTERM; answers the exit code. */
  stop(): Promise<number | null>;
  control(name: string, args: unknown): Promise<unknown>;
  /** Everything it wrote to its log so far. */
  log(): string;
  /** Kills it if it still runs, and removes its folder. */
  dispose(): Promise<void>;
}

export interface DaemonSetup {
  readonly databaseUrl: string;
  readonly redisUrl?: string;
  /** Lines of YAML besides the ports: the `smpp` section at least. */
  readonly yaml: string;
  readonly only?: string;
  /** A folder that another daemon uses too: secrets are shared. */
  readonly home?: string;
  /** The entry file: the program itself, or the one whose clock can be moved (shifted-daemon.ts). */
  readonly entry?: 'src/main.ts' | 'test/support/shifted-daemon.ts';
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

export async function daemonProcess(setup: DaemonSetup): Promise<DaemonProcess> {
  const home = setup.home ?? (await mkdtemp(path.join(tmpdir(), 'bonusgate-daemon-')));
  const [http, admin, ivr, icap] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const config = path.join(home, `gateway-${String(http)}.yaml`);
  const configure = (yaml: string): Promise<void> =>
    writeFile(
      config,
      [
        `http: { port: ${String(http)}, requestsPerMinute: 1000000 }`,
        `admin: { port: ${String(admin)} }`,
        `ivr: { port: ${String(ivr)} }`,
        `icap: { port: ${String(icap)} }`,
        yaml,
      ].join('\n'),
    );
  await configure(setup.yaml);
  let child: ChildProcess | undefined;
  let log = '';
  const adminUrl = `http://127.0.0.1:${String(admin)}`;
  const isReady = async (): Promise<true | undefined> => {
    if (child?.exitCode !== null) throw new Error(`the daemon ended:\n${log.slice(-2000)}`);
    const answer = await fetch(`${adminUrl}/readyz`).catch(() => undefined);
    return answer?.status === 200 || undefined;
  };
  const isRunning = (): boolean => child?.exitCode === null && child.signalCode === null;
  const launch = (): ChildProcess => {
    const entry = setup.entry ?? 'src/main.ts';
    const args = ['--import', 'tsx', entry, 'run', '--config', config];
    if (setup.only !== undefined) args.push('--only', setup.only);
    const { REDIS_URL: _ignored, ...env } = process.env;
    const launched = spawn(process.execPath, args, {
      env: {
        ...env,
        DATABASE_URL: setup.databaseUrl,
        BONUSGATE_HOME: home,
        ...(setup.redisUrl !== undefined && { REDIS_URL: setup.redisUrl }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [launched.stdout, launched.stderr]) {
      stream.on('data', (chunk: Buffer) => (log += chunk.toString('utf8')));
    }
    child = launched;
    return launched;
  };
  const kill = async (): Promise<void> => {
    const gone = once(child!, 'exit');
    child!.kill('SIGKILL');
    await gone;
  };
  return {
    httpUrl: `http://127.0.0.1:${String(http)}`,
    adminUrl,
    home,
    configFile: config,
    ports: { http, admin, ivr, icap },
    get pid() {
      return child?.pid;
    },
    isRunning,
    run: async () => ((await once(launch(), 'close')) as [number | null])[0],
    configure,
    signal: (name) => child?.kill(name),
    start: async () => {
      launch();
      const ready = await waitUntil(isReady, { timeoutMs: 60_000, everyMs: 50 });
      if (ready === undefined) throw new Error(`the daemon is not ready:\n${log.slice(-2000)}`);
    },
    kill,
    stop: async () => {
      if (child === undefined || !isRunning()) return child?.exitCode ?? null;
      const gone = once(child, 'exit') as Promise<[number | null]>;
      child.kill('SIGTERM');
      return (await gone)[0];
    },
    control: (name, args) => callControl(path.join(home, 'control.sock'), name, args),
    log: () => log,
    dispose: async () => {
      if (isRunning()) await kill();
      await rm(home, { recursive: true, force: true });
    },
  };
}
