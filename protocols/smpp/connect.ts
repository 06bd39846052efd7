import { readFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { SmppSmsc } from '../../src/runtime/config/smpp.ts';

/** tls.connect takes it too, though its types do not say so. */
const HALF_OPEN = { allowHalfOpen: true };

/**
 * Opens a connection to the SMSC and calls `onConnect` when PDUs may be written. Half-open is allowed, so that what
 * arrived before the peer's FIN is still answered; the session ends the connection itself.
 */
export function openConnection({ host, port, tls }: SmppSmsc, onConnect: () => void): Socket {
  if (tls === undefined) return connectTcp({ host, port, ...HALF_OPEN }, onConnect);
  return connectTls(
    {
      host,
      port,
      ...HALF_OPEN,
      servername: tls.serverName ?? host,
      rejectUnauthorized: tls.verify,
      ...(tls.caFile === undefined ? {} : { ca: readFileSync(tls.caFile) }),
    },
    onConnect,
  );
}
