import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { IcapPeer, type IcapAnswer, type IcapFaults } from './icap-peer.ts';

export interface DpiOptions {
  readonly icapHost: string;
  readonly icapPort: number;
  /** Service path, `reqmod` by default. */
  readonly service?: string;
  /** ICAP header that names the subscriber: address or login; `X-Client-IP` by default. */
  readonly identityHeader?: string;
  /** Encodes what goes into it, as the vendor does. */
  readonly identityEncoding?: 'plain' | 'base64';
  /**
   * Where a host really is: the shop simulator instead of DNS. Hosts it does not know are connected to as named,
   * which on a closed machine means loopback addresses only.
   */
  readonly resolve?: (host: string) => { readonly host: string; readonly port: number } | undefined;
  readonly timeoutMs?: number;
}

/** A subscriber's request as it passes the DPI. */
export interface BrowseRequest {
  readonly ip?: string;
  readonly login?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface BrowseResult {
  /** `pass`: the site answered. `redirect`: the ICAP server did. */
  readonly outcome: 'pass' | 'redirect';
  readonly status: number;
  readonly location: string | undefined;
  readonly contentType: string;
  readonly setCookie: readonly string[];
  readonly body: string;
  /** ICAP status of the answer; undefined when the ICAP server gave none and the request passed without it. */
  readonly icapStatus: number | undefined;
}

/** A deep packet inspection box with subscribers behind it. */
export interface Dpi {
  /** Spoils the next requests to the ICAP server until switched off again. */
  readonly faults: IcapFaults;
  /** Opens one address for a subscriber, without following redirects. */
  browse(url: string, request: BrowseRequest): Promise<BrowseResult>;
  /** Asks the ICAP server what it can do. */
  options(): Promise<IcapAnswer>;
  close(): void;
}

/**
 * Starts a DPI that asks an ICAP server about every plain HTTP request (REQMOD, `Allow: 204`, kept connection) and
 * fetches the page itself when the request passes. An ICAP server that fails is bypassed, as such boxes do.
 */
export function startDpi(options: DpiOptions): Dpi {
  const service = options.service ?? 'reqmod';
  const uri = `icap://${options.icapHost}:${options.icapPort}/${service}`;
  const peer = new IcapPeer(options.icapHost, options.icapPort, options.timeoutMs ?? 5_000);
  const faults: IcapFaults = { fragment: false, slowMs: 0, garbage: false, halfClose: false };
  const icapHead = (method: string, lines: readonly string[]) =>
    [`${method} ${uri} ICAP/1.0`, `Host: ${options.icapHost}:${options.icapPort}`, ...lines, '\r\n'].join(
      '\r\n',
    );

  const reqmod = (url: URL, request: BrowseRequest): Buffer => {
    const http = httpHead(url, request);
    const lines = ['Allow: 204', ...identityLines(options, request)];
    const head = icapHead('REQMOD', [...lines, `Encapsulated: req-hdr=0, null-body=${http.length}`]);
    return Buffer.from(head + http, 'latin1');
  };
  return {
    faults,
    browse: async (address, request) => {
      const url = new URL(address);
      const asked = url.protocol === 'http:' ? peer.ask(reqmod(url, request), faults) : undefined;
      const answer = await asked?.catch(() => undefined);
      if (answer?.status === 200 && answer.http.startsWith('HTTP/')) return redirected(answer);
      return fetchPage(url, request, options, answer?.status);
    },
    options: () => peer.ask(Buffer.from(icapHead('OPTIONS', [])), faults),
    close: () => peer.close(),
  };
}

/** The request line in absolute form and the header section, as a transparent box writes them. */
function httpHead(url: URL, request: BrowseRequest): string {
  const headers = { accept: 'text/html,*/*;q=0.8', 'user-agent': 'simulated browser', ...request.headers };
  return [
    `${request.method ?? 'GET'} ${url.origin}${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value.replace(/[\r\n]/g, ' ')}`),
    '\r\n',
  ].join('\r\n');
}

function identityLines(options: DpiOptions, { ip, login }: BrowseRequest): string[] {
  const identity = login ?? ip;
  if (identity === undefined) return [];
  const value = options.identityEncoding === 'base64' ? Buffer.from(identity).toString('base64') : identity;
  return [`${options.identityHeader ?? 'X-Client-IP'}: ${value}`];
}

function redirected({ status, http }: IcapAnswer): BrowseResult {
  return {
    outcome: 'redirect',
    status: Number(/^HTTP\/1\.\d (\d{3})/.exec(http)?.[1] ?? 0),
    location: /^Location: *(.*)$/im.exec(http)?.[1]?.trim(),
    contentType: '',
    setCookie: [],
    body: '',
    icapStatus: status,
  };
}

function fetchPage(
  url: URL,
  request: BrowseRequest,
  options: DpiOptions,
  icapStatus: number | undefined,
): Promise<BrowseResult> {
  const real = options.resolve?.(url.host) ?? { host: url.hostname, port: Number(url.port || 80) };
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      host: real.host,
      port: real.port,
      method: request.method ?? 'GET',
      path: url.pathname + url.search,
      headers: { ...request.headers, host: url.host },
      timeout: options.timeoutMs ?? 5_000,
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${url.host} does not answer`)));
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('error', reject);
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve(
          passed(response.statusCode ?? 0, response.headers, Buffer.concat(parts).toString(), icapStatus),
        ),
      );
    });
    outgoing.end(request.body);
  });
}

function passed(
  status: number,
  headers: IncomingHttpHeaders,
  body: string,
  icapStatus: number | undefined,
): BrowseResult {
  return {
    outcome: 'pass',
    status,
    location: headers.location,
    contentType: headers['content-type'] ?? '',
    setCookie: headers['set-cookie'] ?? [],
    body,
    icapStatus,
  };
}
