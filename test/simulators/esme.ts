import smpp, { type PDU, type PduFields, type Session } from 'smpp';
import { EventEmitter, once } from 'node:events';

/** The opposite ESME of simulator tests, on npm `smpp`. */
export interface Esme {
  readonly session: Session;
  /** Every deliver_sm in order of arrival, answered or not. */
  readonly delivered: readonly PDU[];
  /** command_status of coming deliver_sm_resp; undefined leaves them unanswered. */
  answerWith: (pdu: PDU) => number | undefined;
  /** The next deliver_sm that was not taken yet. */
  next(): Promise<PDU>;
  submit(fields: PduFields): Promise<PDU>;
  readonly closed: Promise<void>;
  close(): void;
}

/** Connects and sends a bind; the answer of the bind decides whether the ESME is usable. */
export async function connectEsme(
  port: number,
  { mode = 'transceiver', systemId = 'gateway', password = 'secret' } = {},
): Promise<{ esme: Esme; bind: PDU }> {
  const session = smpp.connect({ host: '127.0.0.1', port });
  session.socket.setNoDelay(true);
  const delivered: PDU[] = [];
  const arrivals = new EventEmitter();
  let taken = 0;
  session.on('error', () => session.socket.destroy());
  const closed = new Promise<void>((resolve) => session.on('close', resolve));
  const esme: Esme = {
    session,
    delivered,
    answerWith: () => 0,
    next: async () => {
      while (delivered.length <= taken) await once(arrivals, 'pdu');
      return delivered[taken++]!;
    },
    submit: (fields) => new Promise((resolve) => session.submit_sm(fields, resolve)),
    closed,
    close: () => session.socket.destroy(),
  };
  session.on('deliver_sm', (pdu) => {
    delivered.push(pdu);
    const status = esme.answerWith(pdu);
    if (status !== undefined) session.send(pdu.response({ command_status: status }));
    arrivals.emit('pdu');
  });
  await once(session, 'connect');
  const fields = { system_id: systemId, password };
  const bind = await new Promise<PDU>((resolve) => {
    if (mode === 'receiver') session.bind_receiver(fields, resolve);
    else if (mode === 'transmitter') session.bind_transmitter(fields, resolve);
    else session.bind_transceiver(fields, resolve);
  });
  return { esme, bind };
}
