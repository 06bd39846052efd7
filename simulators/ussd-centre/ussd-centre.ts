import type { PDU, PduFields } from 'smpp';
import { codeText } from '../smsc/coding.ts';
import { textOf } from '../smsc/inbox.ts';
import { type LinkFaults, listenSmpp, noLinkFaults, type SmppListener } from '../smsc/link.ts';
import { type DialogueHandset, openDialogue, type UssdDialogue, type UssdEnd } from './dialogue.ts';

/** What can go wrong at this centre; change the fields while it runs. */
export interface UssdFaults extends LinkFaults {
  /** The subscriber never answers: what is typed goes nowhere, and the network aborts after `subscriberTimeoutMs`. */
  silentSubscriber: boolean;
  /** The network aborts when this screen (1, 2, ...) arrives; 0 never does. */
  abortAtStep: number;
  /** Answers carry another session number than the dialogue began with. */
  wrongSessionId: boolean;
  /** Pushes are taken and shown, and nobody confirms them. */
  silentPush: boolean;
  /** Handsets cannot be reached by a push: it is refused. */
  pushUnreachable: boolean;
}

/** A text shown on a handset that had not dialled. */
export interface UssdPush {
  readonly msisdn: string;
  readonly text: string;
}

export interface UssdCentreOptions {
  readonly host?: string;
  readonly port?: number;
  readonly systemId: string;
  readonly password: string;
  /** How long the gateway may take for a screen; operators give 10 to 15 seconds. */
  readonly gatewayTimeoutMs?: number;
  /** How long the subscriber may take for an answer. */
  readonly subscriberTimeoutMs?: number;
}

export interface UssdCentre {
  readonly port: number;
  readonly faults: UssdFaults;
  readonly binds: number;
  /** Every push so far, oldest first. */
  readonly pushes: readonly UssdPush[];
  /** Dials a code; a dialogue that the subscriber has open is replaced. */
  dial(msisdn: string, code: string): UssdDialogue;
  close(): Promise<void>;
}

/** ussd_service_op, the octets of SMPP 5.0 §4.8.4.64 and the usual vendor octet for an abort towards the gateway. */
const OP = {
  pssrIndication: 0x01,
  ussrRequest: 0x02,
  ussnRequest: 0x03,
  pssrResponse: 0x11,
  ussrConfirm: 0x12,
  ussnConfirm: 0x13,
  abort: 0x81,
} as const;
const END_BIT = 1;
const SESSION_NUMBERS = 0x8000;

interface OpenDialogue {
  readonly session: number;
  readonly handset: DialogueHandset;
  timer: NodeJS.Timeout | undefined;
}

interface Centre {
  readonly options: UssdCentreOptions;
  readonly faults: UssdFaults;
  readonly pushes: UssdPush[];
  /** By subscriber: a handset has one dialogue at a time. */
  readonly open: Map<string, OpenDialogue>;
  listener(): SmppListener;
}

/**
 * Starts a USSD centre on npm `smpp`: dialogues by ussd_service_op and its_session_info (a 15-bit number and the end
 * bit), with the deadlines that centres have.
 */
export async function startUssdCentre(options: UssdCentreOptions): Promise<UssdCentre> {
  const faults: UssdFaults = {
    ...noLinkFaults(),
    silentSubscriber: false,
    abortAtStep: 0,
    wrongSessionId: false,
    silentPush: false,
    pushUnreachable: false,
  };
  const centre: Centre = { options, faults, pushes: [], open: new Map(), listener: () => listener };
  let session = Math.floor(Math.random() * SESSION_NUMBERS);
  let serial = 0;
  const listener = await listenSmpp({
    ...options,
    faults,
    onSubmit: (pdu) => ({ status: takeScreen(centre, pdu), messageId: String(++serial) }),
  });
  return {
    port: listener.port,
    faults,
    get binds() {
      return listener.links().length;
    },
    pushes: centre.pushes,
    dial: (msisdn, code) => {
      session = (session + 1) % SESSION_NUMBERS;
      return dial(centre, msisdn, code, session);
    },
    close: async () => {
      for (const dialogue of centre.open.values()) finish(centre, dialogue, 'aborted by network');
      await listener.close();
    },
  };
}

function dial(centre: Centre, msisdn: string, code: string, session: number): UssdDialogue {
  const earlier = centre.open.get(msisdn);
  if (earlier !== undefined) finish(centre, earlier, 'replaced');
  const handset = openDialogue(msisdn, code, {
    answer: (text) => answer(centre, dialogue, text),
    abort: () => abort(centre, dialogue, 'aborted by subscriber'),
  });
  const dialogue: OpenDialogue = { session, handset, timer: undefined };
  centre.open.set(msisdn, dialogue);
  send(centre, dialogue, OP.pssrIndication, code);
  return handset.dialogue;
}

/** A screen from the gateway; the status of its submit_sm_resp. */
function takeScreen(centre: Centre, pdu: PDU): number {
  const dialogue = centre.open.get(pdu.destination_addr ?? '');
  const info = sessionInfo(pdu);
  if (dialogue === undefined && octet(pdu.ussd_service_op) === OP.ussnRequest) return takePush(centre, pdu);
  if (dialogue === undefined || (info !== undefined && info >> 1 !== dialogue.session)) return 0x45; // ESME_RSUBMITFAIL
  const op = octet(pdu.ussd_service_op);
  const final = op === OP.pssrResponse || ((info ?? 0) & END_BIT) === END_BIT;
  if (!final && op !== OP.ussrRequest && op !== OP.ussnRequest) return 0x45;
  const { handset } = dialogue;
  if (centre.faults.abortAtStep === handset.dialogue.screens.length + 1) {
    abort(centre, dialogue, 'aborted by network');
    return 0;
  }
  handset.show({ text: textOf(pdu), final });
  if (final) finish(centre, dialogue, 'final');
  else if (op === OP.ussnRequest) send(centre, dialogue, OP.ussnConfirm, '');
  else awaitSubscriber(centre, dialogue);
  return 0;
}

/** Shows a text on an idle handset and tells the gateway that it was shown. */
function takePush(centre: Centre, pdu: PDU): number {
  if (centre.faults.pushUnreachable) return 0x0b; // ESME_RINVDSTADR
  const msisdn = pdu.destination_addr ?? '';
  centre.pushes.push({ msisdn, text: textOf(pdu) });
  if (centre.faults.silentPush) return 0;
  const handset = openDialogue(msisdn, pdu.source_addr ?? '', {
    answer: () => undefined,
    abort: () => undefined,
  });
  void request(centre, { session: 0, handset, timer: undefined }, OP.ussnConfirm, '', END_BIT);
  return 0;
}

function answer(centre: Centre, dialogue: OpenDialogue, text: string): void {
  if (!centre.faults.silentSubscriber) send(centre, dialogue, OP.ussrConfirm, text);
}

function abort(centre: Centre, dialogue: OpenDialogue, how: UssdEnd): void {
  void request(centre, dialogue, OP.abort, '', END_BIT);
  finish(centre, dialogue, how);
}

function finish(centre: Centre, dialogue: OpenDialogue, how: UssdEnd): void {
  clearTimeout(dialogue.timer);
  const { msisdn } = dialogue.handset.dialogue;
  if (centre.open.get(msisdn) === dialogue) centre.open.delete(msisdn);
  dialogue.handset.finish(how);
}

/** Sends what the subscriber did, then expects a screen in time. */
function send(centre: Centre, dialogue: OpenDialogue, op: number, text: string): void {
  deadline(dialogue, centre.options.gatewayTimeoutMs ?? 15_000, () => abort(centre, dialogue, 'no answer'));
  void request(centre, dialogue, op, text, 0).then((status) => {
    if (status !== 0 && dialogue.handset.dialogue.end === undefined) finish(centre, dialogue, 'refused');
  });
}

function awaitSubscriber(centre: Centre, dialogue: OpenDialogue): void {
  deadline(dialogue, centre.options.subscriberTimeoutMs ?? 60_000, () =>
    abort(centre, dialogue, 'aborted by network'),
  );
}

function deadline(dialogue: OpenDialogue, ms: number, run: () => void): void {
  clearTimeout(dialogue.timer);
  dialogue.timer = setTimeout(run, ms).unref();
}

/** One deliver_sm to the gateway; undefined when nobody is bound or nobody answered. */
async function request(
  centre: Centre,
  dialogue: OpenDialogue,
  op: number,
  text: string,
  endBit: 0 | 1,
): Promise<number | undefined> {
  const listener = centre.listener();
  const link = listener.links().some(({ mode }) => mode !== 'transmitter')
    ? await listener.receiver()
    : undefined;
  if (link === undefined) return undefined;
  const fields = ussdFields(centre, dialogue, op, text, endBit);
  const response = await link.request('deliver_sm', fields, centre.options.gatewayTimeoutMs ?? 15_000);
  return response?.command_status;
}

function ussdFields(
  centre: Centre,
  { session, handset }: OpenDialogue,
  op: number,
  text: string,
  endBit: 0 | 1,
): PduFields {
  const coded = codeText(text, 0);
  const begins = op === OP.pssrIndication;
  const number = centre.faults.wrongSessionId && !begins ? (session + 1) % SESSION_NUMBERS : session;
  const info = Buffer.alloc(2);
  info.writeUInt16BE((number << 1) | endBit);
  return {
    service_type: 'USSD',
    source_addr_ton: 1,
    source_addr_npi: 1,
    source_addr: handset.dialogue.msisdn,
    dest_addr_ton: 0,
    dest_addr_npi: 1,
    destination_addr: serviceCode(handset.dialogue.code),
    data_coding: coded.dataCoding,
    short_message: { message: coded.parts[0]!.octets },
    ussd_service_op: op,
    its_session_info: info,
  };
}

/** `*100*3*50#` is dialled at the service `*100#`; an address holds 20 octets, the whole string is in the text. */
function serviceCode(dialled: string): string {
  const service = /^\*\d+/.exec(dialled)?.[0];
  return service === undefined ? dialled.slice(0, 20) : `${service}#`;
}

function sessionInfo(pdu: PDU): number | undefined {
  const info = pdu.its_session_info;
  if (typeof info === 'number') return info;
  return info !== undefined && info.length >= 2 ? info.readUInt16BE(0) : undefined;
}

function octet(value: Buffer | number | undefined): number | undefined {
  return typeof value === 'object' ? value[0] : value;
}
