import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { Server as NetServer } from 'node:net';
import { expect } from 'chai';
import { startFreeswitch } from '../../../simulators/freeswitch/freeswitch.ts';

interface ModeslConnection {
  execute(
    application: string,
    argument: string,
    done: (event: { getHeader(name: string): string }) => void,
  ): void;
  getInfo(): { getHeader(name: string): string };
  sendRecv(command: string, done: () => void): void;
}
interface ModeslServer {
  on(event: string, run: (connection: ModeslConnection) => void): void;
  close(): void;
  server: NetServer;
}

/** An independent implementation of the daemon's side: the simulator must not only please our own codec. */
const { Server } = createRequire(import.meta.url)('modesl') as {
  Server: new (options: { host: string; port: number; myevents: boolean }, ready: () => void) => ModeslServer;
};

describe('the simulated FreeSWITCH, asked by npm modesl,', () => {
  it('connects, answers, plays and collects digits', async () => {
    const server = await new Promise<ModeslServer>((resolve) => {
      const made: ModeslServer = new Server({ host: '127.0.0.1', port: 0, myevents: true }, () =>
        resolve(made),
      );
    });
    const address = server.server.address() as { port: number };
    const freeswitch = startFreeswitch({ host: '127.0.0.1', port: address.port });
    const digits = new Promise<string>((resolve) => {
      server.on('connection::ready', (connection) => {
        expect(connection.getInfo().getHeader('Caller-Caller-ID-Number')).to.equal('5550001');
        connection.execute('answer', '', () => {
          const argument = '1 4 1 5000 # menu.wav silence_stream://20 choice .+ 1000';
          connection.execute('play_and_get_digits', argument, (event) =>
            resolve(event.getHeader('variable_choice')),
          );
        });
      });
    });
    const call = freeswitch.call({ from: '5550001', to: '1234' });
    await once(call, 'prompt');
    call.press('42#');
    expect(await digits).to.equal('42');
    call.hangUp();
    server.server.close();
  });
});
