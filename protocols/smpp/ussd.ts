import type { UssdIndication, UssdScreen } from '../../src/channels/ussd/turn.ts';
import type { SmppBind, SmppSmsc, SmppUssd } from '../../src/runtime/config/smpp.ts';
import { newTraceId } from '../../src/runtime/ids.ts';
import { later, type Instant } from '../../src/values/instant.ts';
import { normaliseAddress } from './address.ts';
import type { BodyOf } from './codec/pdu.ts';
import type { Tlvs } from './codec/tlv.ts';
import { userDataOf, type DeliverPdu } from './deliver.ts';
import type { SmppDeps } from './deps.ts';
import { ussdTurns } from './metrics.ts';
import type { Respond } from './session.ts';
import { status } from './statuses.ts';
import type { SubmitEnd, SubmitJob } from './submit-queue.ts';
import { decodeUssd } from './text/coding.ts';
import { chooseCoding } from './text/outgoing.ts';
import type { PushConfirmations } from './ussd-push.ts';

export interface UssdContext {
  readonly smsc: SmppSmsc;
  readonly bind: SmppBind;
  readonly deps: SmppDeps;
  readonly submit: (job: SubmitJob) => Promise<SubmitEnd>;
  readonly pushes: PushConfirmations;
}

type TurnKind = UssdIndication['kind'] | 'confirm';

/** An operation octet in both bases, because documents of centres mix them: `18 (0x12)`. */
export function showOp(op: number | undefined): string {
  return op === undefined ? 'none' : `${op} (0x${op.toString(16).padStart(2, '0')})`;
}

/**
 * What the centre tells with this PDU, by its profile; undefined for an operation that the profile does not name.
 * Without ussd_service_op a dialled string begins a dialogue and anything else continues it.
 */
export function turnKind(pdu: DeliverPdu, text: string, { ops, sessionKey }: SmppUssd): TurnKind | undefined {
  const op = pdu.tlvs.ussdServiceOp;
  // A push ends with its confirm: the end bit there is no abort.
  if (op !== undefined && ops.notifyConfirm.includes(op)) return 'confirm';
  if (sessionKey === 'its_session_info' && (sessionInfo(pdu.tlvs) & 1) === 1) return 'abort';
  if (op === undefined) return text.startsWith('*') ? 'begin' : 'continue';
  if (ops.begin.includes(op)) return 'begin';
  if (ops.continue.includes(op)) return 'continue';
  return ops.abort.includes(op) ? 'abort' : undefined;
}

function sessionInfo({ itsSessionInfo: value }: Tlvs): number {
  return value?.length === 2 ? value.readUInt16BE(0) : 0;
}

/** The dialogue's name at the centre; empty when the profile has none or the PDU lacks it. */
export function sessionKeyOf({ tlvs }: DeliverPdu, { sessionKey }: SmppUssd): string {
  switch (sessionKey) {
    case 'its_session_info':
      return tlvs.itsSessionInfo === undefined ? '' : String(sessionInfo(tlvs) >> 1);
    case 'opaque':
      return tlvs.itsSessionInfo?.toString('hex') ?? '';
    case 'user_message_reference':
      return tlvs.userMessageReference?.toString() ?? '';
    case 'none':
      return '';
  }
}

/** The submit_sm that shows `screen` in the dialogue of `pdu`; undefined when its text does not fit one screen. */
export function toScreenSubmit(
  pdu: DeliverPdu,
  screen: UssdScreen,
  bind: SmppBind,
): { body: Partial<BodyOf<'submit_sm'>>; tlvs: Tlvs } | undefined {
  const profile = bind.ussd;
  const coding = chooseCoding(screen.text, profile.gsmCoding === 0 ? bind.defaultAlphabet : 'gsm');
  const limit = coding.name === 'default' ? profile.gsmLimit : profile.ucs2Limit;
  let used = 0;
  for (const char of screen.text) used += coding.cost(char);
  if (used > limit) return undefined;
  const { body } = pdu;
  return {
    body: {
      serviceType: profile.serviceType === '' ? body.serviceType : profile.serviceType,
      sourceAddrTon: body.destAddrTon,
      sourceAddrNpi: body.destAddrNpi,
      sourceAddr: body.destinationAddr,
      destAddrTon: body.sourceAddrTon,
      destAddrNpi: body.sourceAddrNpi,
      destinationAddr: body.sourceAddr,
      dataCoding: coding.name === 'default' ? profile.gsmCoding : profile.ucs2Coding,
      shortMessage: coding.encode(screen.text),
    },
    tlvs: {
      ussdServiceOp: screen.end ? profile.ops.end : profile.ops.screen,
      ...echo(pdu.tlvs, screen, profile),
    },
  };
}

/** What ties the screen to its dialogue, taken from the last indication: some centres change it every turn. */
function echo(tlvs: Tlvs, { end }: UssdScreen, { sessionKey }: SmppUssd): Tlvs {
  if (sessionKey === 'user_message_reference') {
    return tlvs.userMessageReference === undefined ? {} : { userMessageReference: tlvs.userMessageReference };
  }
  if (sessionKey === 'none' || tlvs.itsSessionInfo === undefined) return {};
  if (sessionKey === 'opaque' || tlvs.itsSessionInfo.length !== 2)
    return { itsSessionInfo: tlvs.itsSessionInfo };
  const value = (sessionInfo(tlvs) & 0xfffe) | (end ? 1 : 0);
  return { itsSessionInfo: Buffer.from([value >> 8, value & 0xff]) };
}

/**
 * Carries one turn of a dialogue: answers the deliver_sm, then sends the next screen in the same write.
 *
 * When there is no screen before the centre's deadline, the deliver_sm is answered ESME_RX_P_APPN, so that the centre
 * ends the dialogue itself and does not deliver the turn again, and the late screen is not sent.
 */
export async function takeUssd(
  pdu: DeliverPdu,
  respond: Respond,
  receivedAt: Instant,
  context: UssdContext,
): Promise<void> {
  const { smsc, bind, deps } = context;
  const labels = { smsc: smsc.name, bind: bind.name };
  const text = decodeUssd(
    userDataOf(pdu),
    pdu.body.dataCoding,
    bind.defaultAlphabet,
    bind.ussd.languagePrefix,
  );
  const kind = turnKind(pdu, text, bind.ussd);
  if (kind === undefined) {
    deps.log.warn({ ...labels, op: showOp(pdu.tlvs.ussdServiceOp) }, 'ussd operation not in the profile');
    ussdTurns.inc({ ...labels, end: 'unknown_op' });
    return respond(status('ESME_RINVOPTPARAMVAL'));
  }
  if (kind === 'confirm' || kind === 'abort') {
    const msisdn = normaliseAddress(pdu.body.sourceAddr, pdu.body.sourceAddrTon, smsc.numberPlan);
    context.pushes.settle(msisdn, kind === 'confirm');
  }
  if (kind === 'confirm') return respond(status('ESME_ROK'));
  const indication = toIndication(pdu, kind, text, receivedAt, context);
  const cancel = deps.clock.after(bind.ussd.answerMs, () => respond(status('ESME_RX_P_APPN')));
  const screen = await deps.takeUssdTurn(indication).finally(cancel);
  const late = deps.clock.now() >= indication.answerBy;
  respond(late ? status('ESME_RX_P_APPN') : status('ESME_ROK'));
  if (screen === undefined) return ussdTurns.inc({ ...labels, end: kind });
  const end = late ? 'late' : await show(pdu, screen, indication, context);
  ussdTurns.inc({ ...labels, end });
  if (end !== 'shown') deps.log.warn({ ...labels, trace: indication.trace, end }, 'ussd screen not shown');
  screen.shown?.(end === 'shown');
}

function toIndication(
  pdu: DeliverPdu,
  kind: UssdIndication['kind'],
  text: string,
  receivedAt: Instant,
  { smsc, bind }: UssdContext,
): UssdIndication {
  const { ussd } = bind;
  return {
    trace: newTraceId(),
    centre: smsc.name,
    origin: bind.origin,
    msisdn: normaliseAddress(pdu.body.sourceAddr, pdu.body.sourceAddrTon, smsc.numberPlan),
    sessionKey: sessionKeyOf(pdu, ussd),
    kind,
    text: kind === 'begin' && ussd.codeFrom === 'destination' ? dialled(pdu.body.destinationAddr) : text,
    receivedAt,
    limit: { gsm: ussd.gsmLimit, ucs2: ussd.ucs2Limit },
    answerBy: later(receivedAt, ussd.answerMs),
  };
}

/** A code given as an address often lacks its star and hash: `100` is `*100#`. */
function dialled(address: string): string {
  return address.startsWith('*') ? address : `*${address}#`;
}

async function show(
  pdu: DeliverPdu,
  screen: UssdScreen,
  { answerBy }: UssdIndication,
  { bind, submit }: UssdContext,
): Promise<'shown' | 'too_long' | SubmitEnd['kind']> {
  const parts = toScreenSubmit(pdu, screen, bind);
  if (parts === undefined) return 'too_long';
  const end = await submit({ ...parts, priority: 'reply', expiresAt: answerBy, group: { failed: false } });
  return end.kind === 'accepted' ? 'shown' : end.kind;
}
