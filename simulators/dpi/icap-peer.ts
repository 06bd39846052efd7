import { connect, type Socket } from 'node:net';

/** One answer of an ICAP server, taken apart. */
export interface IcapAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** Encapsulated HTTP header section; empty when there is none. */
  readonly http: string;
}

/** How the octets of a request are spoilt on their way. */
export interface IcapFaults {
  /** Every octet in a segment of its own. */
  fragment: boolean;
  /** Milliseconds between two segments of 16 octets. */
  slowMs: number;
  /** Garbage before the request: the server must refuse it. */
  garbage: boolean;
  /** Ends our side of the connection right after the request. */
  halfClose: boolean;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A kept connection to an ICAP server; one request at a time, a new connection when the server closed the old one. */
export class IcapPeer {
  readonly #host: string;
  readonly #port: number;
  readonly #timeoutMs: number;
  #socket: Socket | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(host: string, port: number, timeoutMs: number) {
    this.#host = host;
    this.#port = port;
    this.#timeoutMs = timeoutMs;
  }

  /** Sends one request and reads its answer; rejects when the connection ends or time runs out. */
  ask(octets: Buffer, faults: Readonly<IcapFaults>): Promise<IcapAnswer> {
    const asked = this.#queue.then(() => this.#ask(octets, faults));
    this.#queue = asked.catch(() => undefined);
    return asked;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #ask(octets: Buffer, faults: Readonly<IcapFaults>): Promise<IcapAnswer> {
    const fresh = faults.garbage || faults.halfClose;
    if (fresh) this.close();
    const socket = (this.#socket ??= await this.#open());
    const answer = readAnswer(socket, this.#timeoutMs);
    answer.catch(() => undefined);
    try {
      await send(
        socket,
        faults.garbage ? Buffer.concat([Buffer.from('\x00\xff??\r\n'), octets]) : octets,
        faults,
      );
      if (faults.halfClose) socket.end();
      const found = await answer;
      if (fresh || found.headers.get('connection')?.toLowerCase() === 'close') this.close();
      return found;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #open(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: this.#host, port: this.#port, noDelay: true, allowHalfOpen: true });
      socket.setTimeout(this.#timeoutMs, () => socket.destroy(new Error('ICAP server does not answer')));
      socket.once('connect', () => resolve(socket));
      socket.on('error', reject);
      socket.on('close', () => {
        if (this.#socket === socket) this.#socket = undefined;
      });
    });
  }
}

async function send(
  socket: Socket,
  octets: Buffer,
  { fragment, slowMs }: Readonly<IcapFaults>,
): Promise<void> {
  const size = fragment ? 1 : slowMs > 0 ? 16 : octets.length;
  for (let at = 0; at < octets.length && !socket.destroyed; at += size) {
    await new Promise<void>((resolve) => socket.write(octets.subarray(at, at + size), () => resolve()));
    if (slowMs > 0) await pause(slowMs);
  }
}

function readAnswer(socket: Socket, timeoutMs: number): Promise<IcapAnswer> {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => done(new Error('no ICAP answer in time')), timeoutMs);
    const done = (result: IcapAnswer | Error) => {
      clearTimeout(timer);
      socket.off('data', take).off('close', closed).off('end', closed);
      if (result instanceof Error) reject(result);
      else resolve(result);
    };
    const take = (octets: Buffer) => {
      text += octets.toString('latin1');
      const answer = parseAnswer(text);
      if (answer !== undefined) done(answer);
    };
    const closed = () => done(new Error('ICAP connection closed without an answer'));
    socket.on('data', take).once('close', closed).once('end', closed);
  });
}

/** Undefined while octets are missing. Only answers without body come back to requests without body. */
export function parseAnswer(text: string): IcapAnswer | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [start = '', ...lines] = text.slice(0, end).split('\r\n');
  const status = Number(/^ICAP\/1\.0 (\d{3})/.exec(start)?.[1] ?? 0);
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const length = Number(/null-body=(\d+)/.exec(headers.get('encapsulated') ?? '')?.[1] ?? 0);
  const http = text.slice(end + 4, end + 4 + length);
  return http.length < length ? undefined : { status, headers, http };
}
