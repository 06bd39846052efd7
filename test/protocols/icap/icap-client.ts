import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { icapConfig, type IcapConfig } from '../../../src/runtime/config/icap.ts';
import { manualClock, type ManualClock } from '../../../src/runtime/clock.ts';
import { createLogger } from '../../../src/runtime/log.ts';
import type { Decide, RedirectRequest } from '../../../src/channels/redirect/decision.ts';
import type { IcapObserver } from '../../../protocols/icap/observer.ts';
import { createIcapServer, listenIcap, type IcapServer } from '../../../protocols/icap/server.ts';

/** An ICAP server of this process with a scripted decision, and everything it reported. */
export interface TestServer {
  readonly server: IcapServer;
  readonly port: number;
  readonly clock: ManualClock;
  readonly config: IcapConfig;
  /** What the decision was asked. */
  readonly asked: RedirectRequest[];
  readonly events: string[];
  close(): Promise<void>;
}

/** Redirects `http://shop.example/`, passes everything else. */
export const shopDecide: Decide = ({ host, method, identity }) =>
  host === 'shop.example' && method === 'GET'
    ? { kind: 'redirect', location: `http://offer.example/?t=${identity ?? 'nobody'}` }
    : { kind: 'pass', reason: 'not_partner' };

export async function startTestServer(
  overrides: Partial<IcapConfig> = {},
  decide: Decide = shopDecide,
): Promise<TestServer> {
  const clock = manualClock();
  const config = icapConfig.parse({ port: 0, ...overrides });
  const asked: RedirectRequest[] = [];
  const events: string[] = [];
  const observer: IcapObserver = {
    answered: (outcome) => events.push(outcome),
    decided: () => undefined,
    parseError: (kind) => events.push(`parse:${kind}`),
    deadlineCut: (kind) => events.push(`cut:${kind}`),
    connection: () => undefined,
    connectionRefused: () => events.push('refused'),
  };
  const server = createIcapServer(config, {
    clock,
    log: createLogger({ level: 'silent' }),
    observer,
    decide: (request) => {
      asked.push(request);
      return decide(request);
    },
  });
  const listener = await listenIcap(server, '127.0.0.1', 0);
  return {
    server,
    port: listener.address.port,
    clock,
    config,
    asked,
    events,
    close: async () => {
      const closed = listener.close();
      const stopped = server.stop(1_000);
      clock.advance(60_000);
      await Promise.all([closed, stopped]);
    },
  };
}

/** Sends octets in the given pieces, each in its own segment as far as the kernel allows, and reads until the end. */
export async function exchange(port: number, pieces: readonly (string | Buffer)[]): Promise<string> {
  const socket = await open(port);
  const answer = readAll(socket);
  for (const piece of pieces) await write(socket, piece);
  socket.end();
  return answer;
}

export async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  return socket;
}

export function write(socket: Socket, octets: string | Buffer): Promise<void> {
  return new Promise((resolve) => socket.write(octets, 'latin1', () => resolve()));
}

/** Everything until the server closes, as Latin-1. */
export async function readAll(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part));
  if (!socket.closed)
    await new Promise<void>((resolve) => {
      socket.once('end', () => resolve());
      socket.once('close', () => resolve());
    });
  socket.destroy();
  return Buffer.concat(parts).toString('latin1');
}

/** Reads until `count` answers of constant size are complete, judged by `done` over everything read so far. */
export async function readUntil(socket: Socket, done: (text: string) => boolean): Promise<string> {
  let text = '';
  if (done(text)) return text;
  return new Promise((resolve) => {
    const take = (part: Buffer) => {
      text += part.toString('latin1');
      if (done(text)) finish();
    };
    const finish = () => {
      socket.off('data', take);
      resolve(text);
    };
    socket.on('data', take);
    socket.once('close', finish);
  });
}

export interface RequestParts {
  /** Extra ICAP header lines. */
  readonly icap?: readonly string[];
  readonly allow204?: boolean;
  /** HTTP header section; a GET of `http://other.example/` when absent. */
  readonly http?: string;
  /** Raw chunked body with its framing; null-body when absent. */
  readonly body?: string;
  readonly service?: string;
}

export const HTTP_GET = 'GET http://other.example/ HTTP/1.1\r\nHost: other.example\r\n\r\n';
export const SHOP_GET = 'GET http://shop.example/ HTTP/1.1\r\nHost: shop.example\r\n\r\n';

/** A well-formed REQMOD request. */
export function reqmod(parts: RequestParts = {}): string {
  const http = parts.http ?? HTTP_GET;
  return [
    `REQMOD icap://127.0.0.1:1344/${parts.service ?? 'reqmod'} ICAP/1.0`,
    'Host: 127.0.0.1:1344',
    ...((parts.allow204 ?? true) ? ['Allow: 204'] : []),
    ...(parts.icap ?? []),
    `Encapsulated: req-hdr=0, ${parts.body === undefined ? 'null-body' : 'req-body'}=${http.length}`,
    '',
    http + (parts.body ?? ''),
  ].join('\r\n');
}

export const OPTIONS = 'OPTIONS icap://127.0.0.1:1344/reqmod ICAP/1.0\r\nHost: 127.0.0.1:1344\r\n\r\n';

/** Status codes of a run of answers without bodies that could contain a status line. */
export function statuses(text: string): number[] {
  return [...text.matchAll(/ICAP\/1\.0 (\d{3}) /g)].map((match) => Number(match[1]));
}
