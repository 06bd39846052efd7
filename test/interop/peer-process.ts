import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';

/**
 * The first of `paths` that is installed. Without any the suite is skipped with a printed reason, or fails when
 * REQUIRE_INTEROP=1: continuous integration must not lose a peer unnoticed.
 */
export function requirePeer(context: Mocha.Context, debianPackage: string, paths: readonly string[]): string {
  const found = paths.find((path) => existsSync(path));
  if (found !== undefined) return found;
  const reason = `${paths.join(' or ')} is not installed (Debian package ${debianPackage})`;
  if (process.env['REQUIRE_INTEROP'] === '1') throw new Error(reason);
  console.log(`      skipped: ${reason}`);
  return context.skip();
}

/** A port nobody listens on now, for peers that cannot choose one themselves. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Runs a program to its end and returns what it printed. */
export async function run(program: string, args: readonly string[], timeoutMs = 15_000): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
  let output = '';
  const take = (octets: Buffer) => (output += octets.toString('latin1'));
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  await once(child, 'close');
  return output;
}

/** Resolves when something listens on the port; rejects when the program ended instead. */
export async function listening(child: ChildProcess, port: number, log: () => string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the peer ended with ${child.exitCode}\n${log()}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
