import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Decide } from '../../src/channels/redirect/decision.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { IcapConfig } from '../../src/runtime/config/icap.ts';
import type { Logger } from '../../src/runtime/log.ts';
import { IcapConnection, type IcapContext } from './connection.ts';
import { createClientList } from './identity.ts';
import type { IcapObserver } from './observer.ts';
import { createResponses } from './response.ts';

export interface IcapServerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer: IcapObserver;
  readonly decide: Decide;
  /** Changes the ISTag together with the configuration: what answers depend on besides it. */
  readonly policyTag?: string;
}

/** The ICAP wire of one process: serves sockets that somebody accepted for it. */
export interface IcapServer {
  readonly connections: number;
  /** Serves a fresh connection; one over `connectionsMax` hears 503. */
  accept(socket: Socket): void;
  /** Answers 503 and closes: the limit over all processes is reached. */
  refuse(socket: Socket): void;
  /** Exchanges the configuration; connections stay, answers carry the new ISTag. */
  reconfigure(config: IcapConfig, policyTag?: string): void;
  /** Finishes the requests in flight; resolves when the last connection is gone, at most after `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>;
}

export function createIcapServer(config: IcapConfig, deps: IcapServerDeps): IcapServer {
  const { clock, log, observer, decide, policyTag } = deps;
  const context: IcapContext = {
    clock,
    log,
    observer,
    decide,
    config,
    responses: createResponses(config, policyTag),
    trusts: createClientList(config.trustedClients),
    stopping: false,
  };
  const connections = new Set<IcapConnection>();
  let emptied: (() => void) | undefined;

  const refuse = (socket: Socket) => {
    IcapConnection.refuse(socket, context);
  };
  const accept = (socket: Socket) => {
    if (context.stopping || connections.size >= context.config.connectionsMax) return refuse(socket);
    const connection = new IcapConnection(socket, context);
    connections.add(connection);
    observer.connection(1);
    socket.on('close', () => {
      connections.delete(connection);
      observer.connection(-1);
      if (connections.size === 0) emptied?.();
    });
  };
  return {
    get connections() {
      return connections.size;
    },
    accept,
    refuse,
    reconfigure: (next, tag) => {
      context.config = next;
      context.responses = createResponses(next, tag ?? policyTag);
      context.trusts = createClientList(next.trustedClients);
    },
    stop: async (timeoutMs) => {
      context.stopping = true;
      if (connections.size === 0) return;
      await new Promise<void>((resolve) => {
        const cancel = clock.after(timeoutMs, () => {
          for (const connection of connections) connection.destroy();
          resolve();
        });
        emptied = () => {
          cancel();
          resolve();
        };
        for (const connection of connections) connection.stop();
      });
    },
  };
}

export interface IcapListener {
  readonly address: AddressInfo;
  close(): Promise<void>;
}

/** Listens in this process and hands every connection to `server`; the daemon's workers get theirs from the parent. */
export async function listenIcap(server: IcapServer, host: string, port: number): Promise<IcapListener> {
  const listener: Server = createServer({ allowHalfOpen: true }, (socket) => server.accept(socket));
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(port, host, resolve);
  });
  return {
    address: listener.address() as AddressInfo,
    close: () => new Promise((resolve) => listener.close(() => resolve())),
  };
}
