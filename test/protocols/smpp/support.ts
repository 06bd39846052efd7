import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import smpp, { type PDU, type Session } from 'smpp';
import { startSmpp, type SmppWire } from '../../../protocols/smpp/esme.ts';
import type { SessionStart, SmppDeps } from '../../../protocols/smpp/deps.ts';
import { smppConfig, type SmppConfig } from '../../../src/runtime/config/smpp.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { createLogger } from '../../../src/runtime/log.ts';
import type { MobileOriginated } from '../../../src/channels/mobile-originated.ts';
import type { UssdIndication } from '../../../src/channels/ussd/turn.ts';
import type { DeliveryReceipt, OutboundSms } from '../../../src/notify/ports.ts';
import { newTraceId } from '../../../src/runtime/ids.ts';

/** Values that arrive one by one; `next` waits for the next one. */
export class Inbox<T> {
  readonly all: T[] = [];
  #taken = 0;
  #waiting: ((value: T) => void)[] = [];

  put(value: T): void {
    this.all.push(value);
    const waiter = this.#waiting.shift();
    if (waiter === undefined) return;
    this.#taken += 1;
    waiter(value);
  }

  next(): Promise<T> {
    if (this.#taken < this.all.length) return Promise.resolve(this.all[this.#taken++]!);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** The log of the code under test, for asserting what must not be in it. */
export const logged: string[] = [];

export interface Recorded {
  readonly mos: Inbox<MobileOriginated>;
  readonly receipts: Inbox<DeliveryReceipt>;
  readonly turns: Inbox<UssdIndication>;
  readonly starts: Inbox<SessionStart>;
  readonly ends: Inbox<string>;
  readonly proofs: Inbox<{ sessionId: string; until: number }>;
  readonly late: Inbox<MobileOriginated>;
}

/** Deps that record what they are told; a test replaces what it wants to decide itself. */
export function recordingDeps(overrides: Partial<SmppDeps> = {}): { deps: SmppDeps; seen: Recorded } {
  const seen: Recorded = {
    mos: new Inbox(),
    receipts: new Inbox(),
    turns: new Inbox(),
    starts: new Inbox(),
    ends: new Inbox(),
    proofs: new Inbox(),
    late: new Inbox(),
  };
  const deps: SmppDeps = {
    clock: systemClock(),
    log: createLogger({ level: 'info', destination: { write: (line) => void logged.push(line) } }),
    receiveMo: (mo) => {
      seen.mos.put(mo);
      return Promise.resolve('done');
    },
    receiveReceipt: (receipt) => {
      seen.receipts.put(receipt);
      return Promise.resolve(true);
    },
    takeUssdTurn: (turn) => {
      seen.turns.put(turn);
      return Promise.resolve({ text: 'menu', end: false });
    },
    onSessionStart: (start) => seen.starts.put(start),
    onSessionEnd: (id) => seen.ends.put(id),
    onProof: (sessionId, until) => seen.proofs.put({ sessionId, until }),
    onLateAnswer: (mo) => seen.late.put(mo),
    ...overrides,
  };
  return { deps, seen };
}

/** An independent SMSC on npm smpp: accepts every bind, answers enquire_link, hands everything else to the test. */
export interface PeerSmsc {
  readonly port: number;
  readonly sessions: Inbox<Session>;
  readonly submits: Inbox<PDU>;
  /** Decides what a submit_sm is answered with; undefined leaves it unanswered. */
  answer: (submit: PDU) => { command_status?: number; message_id?: string } | undefined;
  bindStatus: number;
  close(): void;
}

export async function peerSmsc(port = 0): Promise<PeerSmsc> {
  const sessions = new Inbox<Session>();
  const submits = new Inbox<PDU>();
  let serial = 0;
  const server = smpp.createServer((session) => {
    session.on('error', () => undefined);
    session.on('pdu', (pdu) => {
      if (pdu.command.startsWith('bind_')) {
        session.send(pdu.response({ command_status: peer.bindStatus, system_id: 'peer' }));
        if (peer.bindStatus === 0) sessions.put(session);
      } else if (pdu.command === 'enquire_link' || pdu.command === 'unbind') {
        session.send(pdu.response());
      } else if (pdu.command === 'submit_sm') {
        submits.put(pdu);
        const answer = peer.answer(pdu);
        if (answer !== undefined) session.send(pdu.response(answer));
      }
    });
  });
  const peer: PeerSmsc = {
    port: 0,
    sessions,
    submits,
    answer: () => ({ message_id: String(++serial) }),
    bindStatus: 0,
    close: () => {
      server.close();
      for (const session of server.sessions) session.destroy();
    },
  };
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return Object.assign(peer, { port: (server.address() as AddressInfo).port });
}

/** A TCP server for a test that speaks octets itself; it accepts the bind and then leaves the wire to the test. */
export interface RawSmsc {
  readonly port: number;
  /** Connections that are bound. */
  readonly bound: Inbox<Socket>;
  /** Everything received after the bind. */
  readonly received: Inbox<Buffer>;
  close(): void;
}

/** `greeting` follows the answer to the bind in the same write. */
export async function rawSmsc(greeting: Buffer = Buffer.alloc(0)): Promise<RawSmsc> {
  const bound = new Inbox<Socket>();
  const received = new Inbox<Buffer>();
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.once('data', (bind: Buffer) => {
      socket.on('data', (chunk: Buffer) => received.put(chunk));
      socket.write(Buffer.concat([Buffer.from(bindResp(bind)), greeting]));
      bound.put(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    bound,
    received,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function bindResp(bind: Buffer): number[] {
  return [0, 0, 0, 17, 0x80, 0, 0, bind[7]!, 0, 0, 0, 0, ...bind.subarray(12, 16), 0];
}

/** One SMSC with one bind, as the configuration file would give it. */
export function oneBind(
  port: number,
  bind: object = {},
  smsc: object = {},
  section: object = {},
): SmppConfig {
  return smppConfig.parse({
    reconnectMinMs: 10,
    reconnectMaxMs: 50,
    closeTimeoutMs: 500,
    ...section,
    smscs: [
      {
        name: 'smsc-a',
        host: '127.0.0.1',
        port,
        systemId: 'bonus',
        password: 'secret',
        ...smsc,
        binds: [{ name: 'main', window: 10, ratePerS: 10_000, ...bind }],
      },
    ],
  });
}

export interface BoundWire {
  readonly wire: SmppWire;
  readonly seen: Recorded;
  readonly sessionId: string;
}

/** Starts the wire and waits until its first bind is bound. */
export async function startBound(config: SmppConfig, overrides: Partial<SmppDeps> = {}): Promise<BoundWire> {
  const { deps, seen } = recordingDeps(overrides);
  const wire = startSmpp(config, deps);
  const { sessionId } = await seen.starts.next();
  return { wire, seen, sessionId };
}

export function outbound(text: string, changes: Partial<OutboundSms> = {}): OutboundSms {
  return {
    id: newTraceId(),
    trace: newTraceId(),
    source: '7070',
    destination: '79160000001',
    text,
    receipt: false,
    priority: 'reply',
    ...changes,
  };
}

/** Sends deliver_sm from the peer and resolves with the answer. */
export function deliver(session: Session, fields: Parameters<Session['deliver_sm']>[0]): Promise<PDU> {
  return new Promise((resolve) => {
    session.deliver_sm(
      { source_addr: '79160000001', source_addr_ton: 1, destination_addr: '7070', data_coding: 0, ...fields },
      resolve,
    );
  });
}

export function connectTo(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  return socket;
}
