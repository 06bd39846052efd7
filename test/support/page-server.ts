import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '../../src/channels/pages/page.ts';
import { newTraceId } from '../../src/runtime/ids.ts';

/** Serves page values on loopback, without the HTTP wire of the daemon. */
export async function servePages(pages: () => readonly Page[]): Promise<{ port: number; close(): void }> {
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://localhost');
    const page = pages().find(({ method, path }) => method === request.method && path === url.pathname);
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      if (page === undefined) return response.writeHead(404).end('no such page');
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      const asked = {
        query: Object.fromEntries(url.searchParams),
        form: Object.fromEntries(new URLSearchParams(body)),
        headers,
        trace: newTraceId(),
      };
      page.handle(asked).then(
        (answer) => response.writeHead(answer.status, answer.headers).end(answer.body),
        (error: unknown) => response.writeHead(503).end(String(error)),
      );
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
