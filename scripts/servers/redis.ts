import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, writeFileSync } from 'node:fs';
import { createServer, connect, type AddressInfo } from 'node:net';
import path from 'node:path';
import { waitUntil } from '../../src/runtime/pause.ts';
import { identifyProcess } from '../../src/runtime/process-identity.ts';
import { unpackRedis } from './redis-from-debian.ts';
import type { Provided } from './provided.ts';

interface Program {
  readonly file: string;
  readonly libraries?: string;
  readonly origin: string;
}

/**
 * A real Redis for one test run: `REDIS_URL`, else redis-server or valkey-server on the PATH, else unpacked from Debian
 * packages into a cache, without root. A string tells why there is none.
 */
export async function provideRedis(home: string): Promise<Provided | string> {
  const given = process.env['REDIS_URL'];
  if (given !== undefined && given !== '') {
    return { url: given, origin: 'REDIS_URL', stop: () => Promise.resolve() };
  }
  const program = findOnPath() ?? (await fromDebian());
  return typeof program === 'string' ? program : startRedis(program, home);
}

function findOnPath(): Program | undefined {
  for (const name of ['redis-server', 'valkey-server']) {
    for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
      const file = path.join(folder, name);
      if (isExecutable(file)) return { file, origin: file };
    }
  }
  return undefined;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function fromDebian(): Promise<Program | string> {
  const unpacked = await unpackRedis();
  if (typeof unpacked === 'string') return unpacked;
  return { ...unpacked, origin: 'unpacked Debian package' };
}

async function startRedis(program: Program, home: string): Promise<Provided> {
  const port = await freePort();
  const settings = { port, bind: '127.0.0.1', dir: home, save: '', appendonly: 'no', daemonize: 'no' };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const libraries = program.libraries === undefined ? {} : { LD_LIBRARY_PATH: program.libraries };
  const child = spawn(program.file, args, {
    env: { ...process.env, ...libraries },
    detached: true,
    stdio: 'ignore',
  });
  await once(child, 'spawn');
  writeFileSync(path.join(home, 'redis.json'), JSON.stringify(identifyProcess(child.pid!)));
  const exited = once(child, 'exit');
  const ready = await waitUntil(() => answers(port), { timeoutMs: 10_000 });
  if (ready === undefined) throw new Error(`${program.file} did not start`);
  return {
    url: `redis://127.0.0.1:${port}`,
    origin: program.origin,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

function answers(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.destroy());
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(undefined));
  });
}
