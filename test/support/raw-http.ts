import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

/** Everything a server answers to these octets until it closes the connection; `halfClose`: we say that no more comes. */
export async function rawExchange(port: number, octets: string | Buffer, halfClose = false): Promise<string> {
  const socket = await open(port);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  if (halfClose) socket.end(octets);
  else socket.write(octets);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

/** A connection to 127.0.0.1. */
export async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}
