import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { TakeCall } from '../../src/channels/ivr/step.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { IvrConfig } from '../../src/runtime/config/ivr.ts';
import type { Logger } from '../../src/runtime/log.ts';
import { serveSession, type EslSession } from './session.ts';

export interface EslDeps {
  readonly takeCall: TakeCall;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The running voice front end. */
export interface EslListener {
  readonly address: { readonly host: string; readonly port: number };
  /** Calls in conversation. */
  calls(): number;
  /** Takes no new call; FreeSWITCH finds the port closed and tries its next host, then its dialplan. */
  pauseIntake(): void;
  /** Lets running calls finish until the drain deadline, then ends them; resolves when every socket is closed. */
  close(): Promise<void>;
}

/**
 * Listens for the outbound sockets of FreeSWITCH (`socket HOST:PORT async full`), one connection per call.
 *
 * @throws the listen error (EADDRINUSE, EACCES) when the address cannot be taken
 */
export async function startEsl(config: IvrConfig, deps: EslDeps): Promise<EslListener> {
  const log = deps.log.child({ wire: 'esl' });
  const sessions = new Set<EslSession>();
  let paused = false;

  const takeCall: TakeCall = (arrival) => {
    if (paused || running().length >= config.callsMax) return undefined;
    return deps.takeCall(arrival);
  };
  const running = (): EslSession[] => [...sessions].filter((session) => session.running() !== undefined);

  const accept = (socket: Socket): void => {
    // More sockets than calls may exist for a moment (late events); twice as many is a flood.
    if (paused || sessions.size >= config.callsMax * 2) {
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    const session = serveSession(socket, { config, clock: deps.clock, log, takeCall });
    sessions.add(session);
    void session.closed.then(() => sessions.delete(session));
  };

  const server = createServer(accept);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', (error) => log.error({ err: error }, 'event socket listener failed'));
  const { address, port } = server.address() as AddressInfo;
  log.info({ host: address, port }, 'listening for calls');

  const pauseIntake = (): void => {
    if (paused) return;
    paused = true;
    server.close();
  };

  return {
    address: { host: address, port },
    calls: () => running().length,
    pauseIntake,
    async close() {
      pauseIntake();
      const cancelDrain = deps.clock.after(config.drainTimeoutMs, () => {
        for (const session of sessions) {
          session.running()?.stop('NORMAL_TEMPORARY_FAILURE', 'stopped');
          if (session.running() === undefined) session.destroy();
        }
      });
      const cancelCut = deps.clock.after(config.drainTimeoutMs + config.commandTimeoutMs, () => {
        for (const session of sessions) session.destroy();
      });
      await Promise.all([...sessions].map((session) => session.closed));
      cancelDrain();
      cancelCut();
    },
  };
}
