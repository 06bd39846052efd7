import type { ServerResponse } from 'node:http';

/** News for the page: what a subscriber's handset shows, or (without a subscriber) what all see. */
export interface News {
  readonly kind: 'message' | 'state' | 'ussd' | 'call' | 'web' | 'log' | 'faults' | 'clock';
  readonly data: unknown;
}

/** Server-sent events to every open page. */
export interface Feed {
  publish(msisdn: string | undefined, news: News): void;
  /** One line of what happened on the wire, for the curious. */
  log(msisdn: string, wire: string, text: string): void;
  /** Turns a response into a stream of one subscriber's news until the page goes away. */
  attach(msisdn: string, response: ServerResponse): void;
  close(): void;
}

/** Makes the feed. A page that does not read is cut off instead of buffered for. */
export function openFeed(): Feed {
  const pages = new Map<ServerResponse, string>();
  const beat = setInterval(() => {
    for (const page of pages.keys()) page.write(': still here\n\n');
  }, 15_000).unref();
  const publish: Feed['publish'] = (msisdn, { kind, data }) => {
    const text = `event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const [page, whose] of pages) {
      if (msisdn !== undefined && msisdn !== whose) continue;
      page.write(text);
      if (page.writableLength > 1_000_000) page.destroy();
    }
  };
  return {
    publish,
    log: (msisdn, wire, text) => publish(msisdn, { kind: 'log', data: { at: Date.now(), wire, text } }),
    attach: (msisdn, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write('retry: 1000\n\n');
      pages.set(response, msisdn);
      response.on('close', () => pages.delete(response));
      response.on('error', () => pages.delete(response));
    },
    close: () => {
      clearInterval(beat);
      for (const page of pages.keys()) page.end();
    },
  };
}
