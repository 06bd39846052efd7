import { chmod, unlink } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { Refusal } from '../../src/errors.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import {
  BAD_ARGUMENTS,
  BadArguments,
  bigintAsText,
  type ControlAnswer,
} from '../../src/runtime/control-client.ts';
import type { Logger } from '../../src/runtime/log.ts';

/** Does one command of the CLI; a Refusal reaches the caller as such. */
export type ControlHandler = (args: unknown) => Promise<unknown>;

export interface ControlOptions {
  /** Of the socket, in the state folder. */
  readonly path: string;
  readonly handlers: Readonly<Record<string, ControlHandler>>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ControlServer {
  close(): Promise<void>;
}

const REQUEST_MAX_BYTES = 1_048_576;
/** The request is written at once by our own client. */
const REQUEST_TIMEOUT_MS = 5_000;
/** `sun_path` of sockaddr_un is 108 octets on Linux and 104 on macOS, the final zero included. */
const PATH_MAX_BYTES = 103;

/**
 * Commands from the CLI over a unix socket that only this user can open: one JSON object per line and connection,
 * `{"name": ..., "args": ...}`, answered by one {@link ControlAnswer}.
 *
 * Takes over the socket of a daemon that died; rejects when one is alive.
 */
export async function startControl(options: ControlOptions): Promise<ControlServer> {
  const { path, log } = options;
  if (Buffer.byteLength(path) > PATH_MAX_BYTES) {
    throw new Error(
      `the control socket path is longer than ${PATH_MAX_BYTES} octets, choose a shorter state folder: ${path}`,
    );
  }
  if (await isAlive(path)) throw new Error(`another daemon is running: it answers on ${path}`);
  await unlink(path).catch(() => undefined);

  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, options);
  });
  await listenPrivately(server, path);
  server.on('error', (error) => log.error({ err: error }, 'control socket failed'));
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/**
 * The umask closes the moment between creating the socket and chmod. It is the whole process's, so it is put back in
 * the same turn: Node binds a unix socket synchronously.
 */
async function listenPrivately(server: Server, path: string): Promise<void> {
  const before = process.umask(0o177);
  const listening = new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  process.umask(before);
  await listening;
  await chmod(path, 0o600);
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function serve(socket: Socket, options: ControlOptions): void {
  let received = Buffer.alloc(0);
  const cancel = options.clock.after(REQUEST_TIMEOUT_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('close', cancel);
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    const end = received.indexOf(0x0a);
    if (end < 0 && received.length <= REQUEST_MAX_BYTES) return;
    cancel();
    socket.removeAllListeners('data');
    socket.resume();
    const line = end < 0 ? '' : received.subarray(0, end).toString('utf8');
    answer(line, options)
      .then((reply) => socket.end(`${JSON.stringify(reply, bigintAsText)}\n`))
      .catch((error: unknown) => {
        options.log.error({ err: error }, 'control answer could not be written');
        socket.destroy();
      });
  });
}

async function answer(line: string, { handlers, log }: ControlOptions): Promise<ControlAnswer> {
  const request = parse(line);
  if (request === undefined)
    return { ok: false, code: 'malformed', message: 'expected {"name": ..., "args": ...}' };
  const handler = Object.hasOwn(handlers, request.name) ? handlers[request.name] : undefined;
  if (handler === undefined) {
    return {
      ok: false,
      code: 'unknown_command',
      message: `the daemon does not know "${request.name}"; is it an older version?`,
    };
  }
  try {
    return { ok: true, result: (await handler(request.args)) ?? null };
  } catch (error) {
    if (error instanceof Refusal)
      return { ok: false, code: error.code, message: error.message, detail: textDetail(error) };
    if (error instanceof BadArguments) return { ok: false, code: BAD_ARGUMENTS, message: error.message };
    log.error({ err: error, command: request.name }, 'control command failed');
    return { ok: false, code: 'failed', message: error instanceof Error ? error.message : 'failed' };
  }
}

function textDetail({ detail }: Refusal): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(detail).map(([key, value]) => [key, typeof value === 'bigint' ? String(value) : value]),
  );
}

function parse(line: string): { readonly name: string; readonly args: unknown } | undefined {
  try {
    const value = JSON.parse(line) as { name?: unknown; args?: unknown } | null;
    return typeof value?.name === 'string' ? { name: value.name, args: value.args } : undefined;
  } catch {
    return undefined;
  }
}
