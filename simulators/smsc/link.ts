import smpp, { type PDU, type PduFields, type Server, type Session } from 'smpp';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** What goes wrong on the link itself, for an SMSC and a USSD centre alike. All may be changed while running. */
export interface LinkFaults {
  /** Answers every bind with ESME_RBINDFAIL. */
  refuseBind: boolean;
  /** Reads everything and answers nothing, not even enquire_link. */
  silent: boolean;
  /** Takes each submit_sm but never answers it: the gateway cannot know whether it was sent. */
  dropResponses: boolean;
  /** Waits this long before it answers a submit_sm; 0 answers at once. */
  delayMs: number;
  /** Refuses every k-th submit_sm with ESME_RTHROTTLED; 0 refuses none. */
  throttleEvery: number;
}

export function noLinkFaults(): LinkFaults {
  return { refuseBind: false, silent: false, dropResponses: false, delayMs: 0, throttleEvery: 0 };
}

/** One bound session of the gateway. */
export interface BoundLink {
  readonly mode: 'receiver' | 'transmitter' | 'transceiver';
  /** Sends a request; resolves with its answer, or undefined when none came in time or the connection ended. */
  request(command: string, fields: PduFields, timeoutMs: number): Promise<PDU | undefined>;
  /** Writes the first half of a PDU, then cuts the connection. */
  cutInside(command: string, fields: PduFields): void;
}

export interface LinkOptions {
  readonly host?: string;
  readonly port?: number;
  readonly systemId: string;
  readonly password: string;
  readonly faults: LinkFaults;
  /** First sequence number minus one of our requests; real SMSCs begin anywhere. */
  readonly firstSequence?: number;
  /** Takes a submit_sm; the fields of its answer. */
  onSubmit(pdu: PDU): { status: number; messageId: string };
  /** Called once for each new bind. */
  onBound?(link: BoundLink): void;
}

export interface SmppListener {
  readonly port: number;
  links(): readonly BoundLink[];
  /** A link that takes deliver_sm, in turns; waits for a bind when there is none; undefined once closed. */
  receiver(): Promise<BoundLink | undefined>;
  close(): Promise<void>;
}

interface LinkState {
  readonly session: Session;
  readonly link: BoundLink;
}

const BIND_MODES: Readonly<Record<string, BoundLink['mode']>> = {
  bind_receiver: 'receiver',
  bind_transmitter: 'transmitter',
  bind_transceiver: 'transceiver',
};

/**
 * Listens for binds of the gateway on npm `smpp`.
 *
 * The package needs care everywhere: without error listeners one bad octet ends the process, after an exception a
 * session is deaf for good, it never sets TCP_NODELAY and never ends a request that is not answered.
 */
export async function listenSmpp(options: LinkOptions): Promise<SmppListener> {
  smpp.PDU.maxLength = 70_000; // a message_payload may hold 64 KiB
  const bound = new Set<LinkState>();
  const waiting = new Set<(link: BoundLink | undefined) => void>();
  const sockets = new Set<Session>();
  let turn = 0;
  let closed = false;

  const server: Server = smpp.createServer((session) => {
    sockets.add(session);
    session.socket.setNoDelay(true);
    session.setMaxListeners(0); // one listener for each request that waits
    session.on('error', () => session.socket.destroy());
    session.on('close', () => sockets.delete(session));
    serve(session, options, {
      up: (state) => {
        bound.add(state);
        session.on('close', () => bound.delete(state));
        options.onBound?.(state.link);
        if (state.link.mode === 'transmitter') return;
        for (const resume of waiting) resume(state.link);
        waiting.clear();
      },
    });
  });
  server.on('error', () => server.close());
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    links: () => [...bound].map((state) => state.link),
    receiver: () => {
      const usable = [...bound].filter((state) => state.link.mode !== 'transmitter');
      if (closed) return Promise.resolve(undefined);
      if (usable.length > 0) return Promise.resolve(usable[turn++ % usable.length]!.link);
      return new Promise((resolve) => waiting.add(resolve));
    },
    close: async () => {
      closed = true;
      for (const resume of waiting) resume(undefined);
      for (const session of sockets) session.socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function serve(session: Session, options: LinkOptions, events: { up(state: LinkState): void }): void {
  const { faults } = options;
  const sequence = { last: options.firstSequence ?? 0 };
  let state: LinkState | undefined;
  let submits = 0;

  const answer = (pdu: PDU, fields: PduFields = {}): void => {
    if (!faults.silent && session.socket.writable) session.send(pdu.response(fields));
  };
  const bind = (pdu: PDU, mode: BoundLink['mode']): void => {
    const status = bindStatus(pdu, options, state !== undefined);
    answer(pdu, status === 0 ? { system_id: options.systemId } : { command_status: status });
    if (status !== 0 || faults.silent) return;
    state = { session, link: boundLink(session, mode, sequence) };
    events.up(state);
  };
  const submit = (pdu: PDU): void => {
    if (faults.silent) return;
    if (state === undefined || state.link.mode === 'receiver') return answer(pdu, { command_status: 4 });
    submits++;
    if (faults.throttleEvery > 0 && submits % faults.throttleEvery === 0) {
      return answer(pdu, { command_status: smpp.ESME_RTHROTTLED });
    }
    const taken = options.onSubmit(pdu);
    if (faults.dropResponses) return;
    const reply = (): void =>
      answer(pdu, taken.status === 0 ? { message_id: taken.messageId } : { command_status: taken.status });
    if (faults.delayMs > 0) setTimeout(reply, faults.delayMs).unref();
    else reply();
  };
  const handle = (pdu: PDU): void => {
    const mode = BIND_MODES[pdu.command];
    if (mode !== undefined) bind(pdu, mode);
    else if (pdu.command === 'submit_sm') submit(pdu);
    else if (pdu.command === 'enquire_link') answer(pdu);
    else if (pdu.command === 'unbind') {
      answer(pdu);
      session.close();
    } else if (!pdu.isResponse()) answer(pdu.command === 'unknown' ? pdu : unsupported(pdu));
  };
  session.on('pdu', (pdu) => {
    try {
      handle(pdu);
    } catch {
      session.socket.destroy(); // an exception inside the package's loop would leave the session deaf
    }
  });
}

function unsupported(pdu: PDU): PDU {
  return Object.assign(Object.create(Object.getPrototypeOf(pdu) as object) as PDU, pdu, {
    command: 'unknown',
  });
}

function bindStatus(pdu: PDU, options: LinkOptions, alreadyBound: boolean): number {
  if (options.faults.refuseBind) return smpp.ESME_RBINDFAIL;
  if (alreadyBound) return 5; // ESME_RALYBND
  if (pdu.system_id !== options.systemId) return smpp.ESME_RINVSYSID;
  if (pdu.password !== options.password) return smpp.ESME_RINVPASWD;
  return 0;
}

function boundLink(session: Session, mode: BoundLink['mode'], sequence: { last: number }): BoundLink {
  const build = (command: string, fields: PduFields): PDU => {
    const pdu = new smpp.PDU(command, fields);
    sequence.last = sequence.last >= 0x7fffffff ? 1 : sequence.last + 1;
    pdu.sequence_number = sequence.last;
    return pdu;
  };
  return {
    mode,
    request: (command, fields, timeoutMs) =>
      new Promise((resolve) => {
        const settle = (response: PDU | undefined): void => {
          clearTimeout(timer);
          session.removeListener('close', gone);
          resolve(response);
        };
        const gone = (): void => settle(undefined);
        const timer = setTimeout(gone, timeoutMs);
        session.on('close', gone);
        if (!session.send(build(command, fields), settle)) gone();
      }),
    cutInside: (command, fields) => {
      const octets = build(command, fields).toBuffer();
      session.socket.write(octets.subarray(0, octets.length >> 1), () => session.socket.destroy());
    },
  };
}
