import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP link between two peers that breaks on demand, in the ways that real ones do. */
export interface FaultyLink {
  /** Where the client connects instead of to the server. */
  readonly port: number;
  /** Connections that clients have opened so far, refused ones included. */
  readonly opened: number;
  /** Ends every connection and refuses new ones, as a stopped server does. */
  cut(): void;
  /** Both ways: octets neither arrive nor get lost, and nobody is told, as when a cable is pulled. */
  silence(): void;
  /** Keeps back what the server says, from the first octets of the client that `trigger` accepts; requests arrive. */
  muteServer(trigger: (octets: Buffer) => boolean): void;
  /** Throws away all that the client says from now on; it does not notice. */
  swallowClient(): void;
  /** Works again; what was kept back arrives now. */
  mend(): void;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** Listens on loopback and forwards to `target`, which may change its port between two connections. */
export async function faultyLink(target: { readonly port: number }): Promise<FaultyLink> {
  const pairs = new Set<Pair>();
  const fault = { cut: false, silent: false, mute: false, swallow: false };
  let muteOn: ((octets: Buffer) => boolean) | undefined;
  let opened = 0;

  const apply = (): void => {
    for (const { client, server } of pairs) {
      if (fault.silent) client.pause();
      else client.resume();
      if (fault.silent || fault.mute) server.pause();
      else server.resume();
    }
  };
  const listener = createServer((client) => {
    opened += 1;
    if (fault.cut) return client.destroy();
    const server = connect(target.port, '127.0.0.1');
    const pair = { client, server };
    pairs.add(pair);
    client.setNoDelay(true).on('data', (octets: Buffer) => {
      if (fault.swallow) return;
      if (muteOn?.(octets) === true) {
        fault.mute = true;
        apply();
      }
      server.write(octets);
    });
    server.setNoDelay(true).on('data', (octets: Buffer) => client.write(octets));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one
        .on('error', () => undefined)
        .on('close', () => {
          pairs.delete(pair);
          other.end();
        });
    }
    apply();
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const endAll = (): void => {
    for (const { client, server } of pairs) {
      client.destroy();
      server.destroy();
    }
  };
  return {
    port: (listener.address() as AddressInfo).port,
    get opened() {
      return opened;
    },
    cut: () => {
      fault.cut = true;
      endAll();
    },
    silence: () => {
      fault.silent = true;
      apply();
    },
    muteServer: (trigger) => (muteOn = trigger),
    swallowClient: () => (fault.swallow = true),
    mend: () => {
      Object.assign(fault, { cut: false, silent: false, mute: false, swallow: false });
      muteOn = undefined;
      apply();
    },
    close: async () => {
      endAll();
      listener.close();
      await once(listener, 'close');
    },
  };
}

/** The same server, reached through the link. */
export function throughLink(url: string, link: FaultyLink): string {
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String(link.port);
  return through.href;
}
