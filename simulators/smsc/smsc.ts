import smpp, { type PDU, type PduFields } from 'smpp';
import { EventEmitter } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { codeText } from './coding.ts';
import { partCollector } from './inbox.ts';
import { type LinkFaults, type SmppListener, listenSmpp, noLinkFaults } from './link.ts';
import { type ReceiptFault, receiptFields } from './receipt.ts';

/** What can go wrong at this SMSC; change the fields while it runs. */
export interface SmscFaults extends LinkFaults {
  /** Delivers each message from a handset three times, although the first was answered. */
  redeliverTwice: boolean;
  receipts: ReceiptFault;
}

/** How a message from a handset ended. `expired`: nobody took it in `maxAttempts` attempts. */
export interface SendStatus {
  readonly kind: 'delivered' | 'rejected' | 'expired';
  /** command_status of the last answer; undefined when there was none. */
  readonly commandStatus: number | undefined;
  /** Most attempts that any part needed. */
  readonly attempts: number;
  /** command_status of every answer to the part that was hardest to deliver, in order; undefined where none came. */
  readonly answers: readonly (number | undefined)[];
}

/** One message as the handset shows it. */
export interface HandsetMessage {
  readonly serial: number;
  readonly direction: 'in' | 'out';
  /** The other side: a short code, a number or an alphanumeric sender. */
  readonly peer: string;
  readonly text: string;
  readonly at: number;
  readonly parts: number;
  state: 'sending' | 'delivered' | 'rejected' | 'expired';
}

export interface Handset {
  readonly msisdn: string;
  /** Both directions, oldest first. */
  readonly messages: readonly HandsetMessage[];
  /** `message` for each new one, `state` when a sent one was delivered or failed. */
  readonly events: EventEmitter<{ message: [HandsetMessage]; state: [HandsetMessage] }>;
  send(text: string, to: string): Promise<SendStatus>;
  /** The next incoming message that nobody has taken with this function yet; waits for it. */
  next(): Promise<HandsetMessage>;
}

export interface SmscOptions {
  readonly host?: string;
  readonly port?: number;
  readonly systemId: string;
  readonly password: string;
  /** How long a deliver_sm may stay unanswered before it is sent again. */
  readonly responseTimeoutMs?: number;
  readonly retryDelayMs?: number;
  readonly maxAttempts?: number;
  /** `osmocom` behaves as osmo-msc does: esm_class 1, service type CMT, TON 3, alert_notification first. */
  readonly profile?: 'plain' | 'osmocom';
}

export interface Smsc {
  readonly port: number;
  readonly faults: SmscFaults;
  readonly binds: number;
  handset(msisdn: string): Handset;
  /** Cuts every connection inside a deliver_sm that would move 10000 points if it were believed. */
  cutMidPdu(): void;
  close(): Promise<void>;
}

interface Office {
  readonly options: SmscOptions;
  readonly faults: SmscFaults;
  listener(): SmppListener;
}

const FINAL = new Set([smpp.ESME_RX_P_APPN, 0x66]);

/** Starts an SMSC on npm `smpp`: stores and forwards both ways, splits, reassembles, redelivers and misbehaves on demand. */
export async function startSmsc(options: SmscOptions): Promise<Smsc> {
  const faults: SmscFaults = { ...noLinkFaults(), redeliverTwice: false, receipts: 'none' };
  const handsets = new Map<string, ReturnType<typeof makeHandset>>();
  const office: Office = { options, faults, listener: () => listener };
  const handset = (msisdn: string): ReturnType<typeof makeHandset> => {
    const known = handsets.get(msisdn) ?? makeHandset(office, msisdn);
    handsets.set(msisdn, known);
    return known;
  };
  const collect = partCollector();
  let serial = 0;

  const onSubmit = (pdu: PDU): { status: number; messageId: string } => {
    const to = pdu.destination_addr ?? '';
    if (!/^\d{3,20}$/.test(to)) return { status: smpp.ESME_RINVDSTADR, messageId: '' };
    const messageId = String(++serial).padStart(10, '0');
    const whole = collect(pdu);
    if (whole !== undefined) handset(to).receive(pdu.source_addr ?? '', whole.text, whole.parts);
    if (wantsReceipt(pdu)) {
      const fields = receiptFields(pdu, messageId, whole?.text ?? '', faults.receipts);
      setImmediate(() => void forward(office, fields));
    }
    return { status: 0, messageId };
  };
  const listener = await listenSmpp({
    ...options,
    faults,
    onSubmit,
    ...(options.profile === 'osmocom' ? { firstSequence: 1_719_382_610 } : {}),
  });
  return {
    port: listener.port,
    faults,
    get binds() {
      return listener.links().length;
    },
    handset: (msisdn) => handset(msisdn).handset,
    cutMidPdu: () => {
      const fields = moFields(options, '79160000001', '1010', 0, Buffer.from('TRANSFER 79160000002 10000'));
      for (const link of listener.links()) link.cutInside('deliver_sm', fields);
    },
    close: () => listener.close(),
  };
}

function wantsReceipt(pdu: PDU): boolean {
  const wanted = (pdu.registered_delivery ?? 0) & 3;
  return wanted === 1 || wanted === 3;
}

function makeHandset(
  office: Office,
  msisdn: string,
): { handset: Handset; receive(from: string, text: string, parts: number): void } {
  const messages: HandsetMessage[] = [];
  const unread: HandsetMessage[] = [];
  const readers: ((message: HandsetMessage) => void)[] = [];
  const events: Handset['events'] = new EventEmitter();
  let reference = 0;

  const keep = (message: Omit<HandsetMessage, 'serial' | 'at'>): HandsetMessage => {
    const kept = { ...message, serial: messages.length + 1, at: Date.now() };
    messages.push(kept);
    events.emit('message', kept);
    return kept;
  };
  const send = async (text: string, to: string): Promise<SendStatus> => {
    reference = (reference % 0xffff) + 1;
    const coded = codeText(text, reference);
    const sent = keep({ direction: 'out', peer: to, text, parts: coded.parts.length, state: 'sending' });
    // All parts at once: the gateway may hold back its answers until the message is whole.
    const ends = await Promise.all(
      coded.parts.map(({ udh, octets }) => {
        const fields = moFields(office.options, msisdn, to, coded.dataCoding, octets, udh);
        return forward(office, { ...fields, user_message_reference: reference });
      }),
    );
    const worst = ends.find((end) => end.kind !== 'delivered') ?? ends[0]!;
    const status = { ...worst, attempts: Math.max(...ends.map((end) => end.attempts)) };
    sent.state = status.kind;
    events.emit('state', sent);
    return status;
  };
  const receive = (from: string, text: string, parts: number): void => {
    const message = keep({ direction: 'in', peer: from, text, parts, state: 'delivered' });
    const reader = readers.shift();
    if (reader === undefined) unread.push(message);
    else reader(message);
  };
  const next = (): Promise<HandsetMessage> => {
    const first = unread.shift();
    return first === undefined ? new Promise((resolve) => readers.push(resolve)) : Promise.resolve(first);
  };
  return { handset: { msisdn, messages, events, send, next }, receive };
}

function moFields(
  options: SmscOptions,
  from: string,
  to: string,
  dataCoding: number,
  octets: Buffer,
  udh?: Buffer,
): PduFields {
  const osmocom = options.profile === 'osmocom';
  return {
    service_type: osmocom ? 'CMT' : '',
    source_addr_ton: osmocom ? 3 : 1,
    source_addr_npi: 1,
    source_addr: from,
    dest_addr_ton: osmocom ? 0 : 3,
    dest_addr_npi: 1,
    destination_addr: to,
    esm_class: (osmocom ? 1 : 0) | (udh === undefined ? 0 : 0x40),
    registered_delivery: osmocom ? 1 : 0,
    data_coding: osmocom && dataCoding === 0 ? 1 : dataCoding,
    short_message: { message: udh === undefined ? octets : Buffer.concat([udh, octets]) },
  };
}

/** Store and forward of one deliver_sm: the same octets again until it is taken, refused for good, or too old. */
async function forward(office: Office, fields: PduFields): Promise<SendStatus> {
  const { responseTimeoutMs = 10_000, retryDelayMs = 3_000, maxAttempts = 20, profile } = office.options;
  const answers: (number | undefined)[] = [];
  const ended = (kind: SendStatus['kind']): SendStatus => ({
    kind,
    commandStatus: answers.at(-1),
    attempts: answers.length,
    answers,
  });
  while (answers.length < maxAttempts) {
    const link = await office.listener().receiver();
    if (link === undefined) return ended('expired');
    if (profile === 'osmocom') void link.request('alert_notification', alertOf(fields), 1);
    const answer = await link.request('deliver_sm', fields, responseTimeoutMs);
    const commandStatus = answer?.command_status;
    answers.push(commandStatus);
    if (commandStatus === 0) {
      for (let extra = 0; extra < 2 && office.faults.redeliverTwice; extra++) {
        await link.request('deliver_sm', fields, responseTimeoutMs);
      }
      return ended('delivered');
    }
    if (commandStatus !== undefined && FINAL.has(commandStatus)) return ended('rejected');
    if (answers.length < maxAttempts) await wait(retryDelayMs, undefined, { ref: false });
  }
  return ended('expired');
}

function alertOf(fields: PduFields): PduFields {
  return { source_addr: fields['source_addr'], esme_addr: fields['destination_addr'] };
}
