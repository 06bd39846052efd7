import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** The raw other end of an event socket: it says exactly what a test tells it to. */
export class RawPeer {
  readonly socket: Socket;
  private received = '';
  private read = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => (this.received += chunk.toString('latin1')));
    socket.on('error', () => undefined);
  }

  static async connect(address: { readonly host: string; readonly port: number }): Promise<RawPeer> {
    const socket = connect(address);
    await once(socket, 'connect');
    return new RawPeer(socket);
  }

  send(text: string | Buffer): void {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  }

  reply(text = '+OK'): void {
    this.send(`Content-Type: command/reply\nReply-Text: ${text}\n\n`);
  }

  event(headers: Readonly<Record<string, string>>): void {
    const body = JSON.stringify(headers);
    this.send(`Content-Length: ${Buffer.byteLength(body)}\nContent-Type: text/event-json\n\n${body}`);
  }

  /** The next command that the daemon sent, as its lines. */
  async command(): Promise<string[]> {
    for (;;) {
      const end = this.received.indexOf('\n\n', this.read);
      if (end !== -1) {
        const command = this.received.slice(this.read, end);
        this.read = end + 2;
        return command.split('\n');
      }
      await this.either('data', 'close');
      if (this.socket.destroyed && !this.received.includes('\n\n', this.read))
        throw new Error('the daemon hung up');
    }
  }

  async closed(): Promise<void> {
    this.socket.resume();
    if (!this.socket.destroyed) await this.either('close');
  }

  /** Unlike events.once, an error (a reset) does not reject: it is followed by a close. */
  private either(...events: readonly string[]): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        for (const event of events) this.socket.off(event, done);
        resolve();
      };
      for (const event of events) this.socket.on(event, done);
    });
  }
}

/** Two connected sockets on loopback. */
export async function socketPair(): Promise<{ ours: Socket; peer: RawPeer }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const { port } = server.address() as AddressInfo;
  const peer = await RawPeer.connect({ host: '127.0.0.1', port });
  const [ours] = await accepted;
  server.close();
  return { ours, peer };
}

/** The answer to `connect` of a call, as short as the daemon needs it. */
export function channelData(uuid: string, headers: Readonly<Record<string, string>> = {}): string {
  const all = {
    'Event-Name': 'CHANNEL_DATA',
    'Unique-ID': uuid,
    'Caller-Caller-ID-Number': '79160000001',
    'Caller-Destination-Number': '0611',
    'Content-Type': 'command/reply',
    'Reply-Text': '%2BOK%0A',
    ...headers,
  };
  return `${Object.entries(all)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')}\n\n`;
}
