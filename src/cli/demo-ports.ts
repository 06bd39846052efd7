import { createServer } from 'node:net';
import { CliError, EXIT } from './exit-codes.ts';

/** Every port of the demo, on loopback. */
export interface DemoPorts {
  readonly smsc: number;
  readonly ussd: number;
  readonly esl: number;
  readonly icap: number;
  readonly http: number;
  readonly admin: number;
  readonly phone: number;
  readonly shop: number;
  readonly billing: number;
}

export const DEMO_PORTS: DemoPorts = {
  smsc: 2775,
  ussd: 2776,
  esl: 8084,
  icap: 1344,
  http: 8080,
  admin: 9464,
  phone: 8090,
  shop: 8091,
  billing: 8092,
};

/** Free ports for a run that must not get in anybody's way. */
export async function freePorts(): Promise<DemoPorts> {
  const names = Object.keys(DEMO_PORTS) as (keyof DemoPorts)[];
  const servers = await Promise.all(names.map(() => listen(0)));
  const entries = names.map((name, index) => [name, servers[index]!.port] as const);
  await Promise.all(servers.map((server) => server.close()));
  return Object.fromEntries(entries) as unknown as DemoPorts;
}

/** Says which port is taken and what to do, before anything has been started. */
export async function checkPorts(ports: DemoPorts): Promise<void> {
  const taken: string[] = [];
  for (const [name, port] of Object.entries(ports) as [string, number][]) {
    const server = await listen(port).catch(() => undefined);
    if (server === undefined) taken.push(`${String(port)} (${name})`);
    else await server.close();
  }
  if (taken.length === 0) return;
  throw new CliError(
    `taken on 127.0.0.1: port ${taken.join(', ')}.\n` +
      'Is another demo running? Stop it, or start this one on free ports: npm start -- --free-ports',
    EXIT.failed,
  );
}

function listen(port: number): Promise<{ port: number; close: () => Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : port,
        close: () => new Promise((done) => server.close(() => done())),
      });
    });
  });
}
