import type { MobileOriginated, MoVerdict } from '../../src/channels/mobile-originated.ts';
import type { SmppBind, SmppSmsc } from '../../src/runtime/config/smpp.ts';
import { newTraceId } from '../../src/runtime/ids.ts';
import type { Instant } from '../../src/values/instant.ts';
import { normaliseAddress } from './address.ts';
import type { PduOf } from './codec/pdu.ts';
import type { Tlvs } from './codec/tlv.ts';
import { LATE_ANSWER_MS, type SmppDeps } from './deps.ts';
import type { messageIdNormaliser } from './message-id.ts';
import { moAnswers, receiptsReceived } from './metrics.ts';
import { parseReceipt } from './receipt.ts';
import type { Reassembly } from './reassembly.ts';
import { status } from './statuses.ts';
import { decodeText } from './text/coding.ts';
import { ESM_UDHI, parseUserData, type UserData } from './text/udh.ts';

/** A message from the SMSC, whichever of the two PDUs carried it. */
export type DeliverPdu = PduOf<'deliver_sm'> | PduOf<'data_sm'>;

export interface DeliverContext {
  readonly smsc: SmppSmsc;
  readonly bind: SmppBind;
  readonly deps: SmppDeps;
  readonly ids: ReturnType<typeof messageIdNormaliser>;
  readonly reassembly: Reassembly;
  readonly moAnswerMs: number;
}

/** Verdict to command_status. */
export const VERDICT_STATUS: Readonly<Record<MoVerdict, number>> = {
  done: status('ESME_ROK'),
  retry: status('ESME_RX_T_APPN'),
  never: status('ESME_RX_P_APPN'),
  full: status('ESME_RTHROTTLED'),
};

const ESM_TYPE = 0x3c;
const ESM_RECEIPT = 0x04;
const ESM_INTERMEDIATE = 0x20;

/** short_message, or message_payload when that is where the text is. */
export function userDataOf(pdu: DeliverPdu): Buffer {
  const short = pdu.command === 'deliver_sm' ? pdu.body.shortMessage : undefined;
  return short !== undefined && short.length > 0 ? short : (pdu.tlvs.messagePayload ?? Buffer.alloc(0));
}

/**
 * Takes one deliver_sm or data_sm and resolves with the command_status to answer: after a command is durable, a
 * receipt stored, or what it is can never be understood. Never rejects on account of the peer.
 */
export async function takeDelivery(
  pdu: DeliverPdu,
  sessionId: string,
  receivedAt: Instant,
  context: DeliverContext,
): Promise<number> {
  const type = pdu.body.esmClass & ESM_TYPE;
  if (type === ESM_RECEIPT || type === ESM_INTERMEDIATE) return takeReceipt(pdu, receivedAt, context);
  // Acknowledgements by a handset or its user (0x08, 0x10) are no commands.
  if (type !== 0) return status('ESME_ROK');

  const data = (pdu.body.esmClass & ESM_UDHI) === 0 ? plain(pdu) : parseUserData(userDataOf(pdu));
  if (data === undefined) return status('ESME_RINVMSGLEN');
  const receive = (octets: Buffer): Promise<MoVerdict> =>
    receiveMo(toMobileOriginated(pdu, octets, sessionId, receivedAt, context), context);
  if (data.part === undefined || data.part.total === 1) return VERDICT_STATUS[await receive(data.octets)];
  const { reference, total, number, wide } = data.part;
  const { sourceAddr, destinationAddr, dataCoding } = pdu.body;
  const key = [sourceAddr, destinationAddr, wide, reference, dataCoding, total].join('/');
  const verdict = await context.reassembly.add({ key, number, total, octets: data.octets }, receive);
  return VERDICT_STATUS[verdict];
}

/** User data without header; SAR TLVs may still make it a part. */
function plain(pdu: DeliverPdu): UserData {
  const { sarMsgRefNum: reference, sarTotalSegments: total, sarSegmentSeqnum: number } = pdu.tlvs;
  const valid =
    reference !== undefined && total !== undefined && number !== undefined && number > 0 && number <= total;
  return { part: valid ? { reference, total, number, wide: true } : undefined, octets: userDataOf(pdu) };
}

function toMobileOriginated(
  pdu: DeliverPdu,
  octets: Buffer,
  sessionId: string,
  receivedAt: Instant,
  { smsc, bind }: DeliverContext,
): MobileOriginated {
  const { sourceAddr, sourceAddrTon, destinationAddr, dataCoding } = pdu.body;
  return {
    trace: newTraceId(),
    smsc: smsc.name,
    bind: bind.name,
    sessionId,
    origin: bind.origin,
    source: normaliseAddress(sourceAddr, sourceAddrTon, smsc.numberPlan),
    destination: destinationAddr,
    dataCoding,
    octets: Buffer.from(octets),
    text: decodeText(octets, dataCoding, bind.defaultAlphabet),
    identity: identityOf(pdu.tlvs, bind.moIdentity),
    receivedAt,
  };
}

function identityOf(tlvs: Tlvs, field: string): string {
  switch (field) {
    case 'none':
      return '';
    case 'user_message_reference':
      return tlvs.userMessageReference?.toString() ?? '';
    case 'receipted_message_id':
      return tlvs.receiptedMessageId ?? '';
    default:
      return tlvs.unknown?.find(({ tag }) => tag === Number(field))?.value.toString('hex') ?? '';
  }
}

/** Receives a whole MO within the answer deadline and reports an answer that comes late. */
async function receiveMo(
  mo: MobileOriginated,
  { deps, smsc, bind, moAnswerMs }: DeliverContext,
): Promise<MoVerdict> {
  const { clock } = deps;
  const verdict = await withDeadline(deps.receiveMo(mo), moAnswerMs, 'retry', clock);
  moAnswers.inc({ smsc: smsc.name, bind: bind.name, verdict });
  if (clock.now() - mo.receivedAt > LATE_ANSWER_MS) deps.onLateAnswer(mo);
  return verdict;
}

/** The promise's value, or `fallback` when it takes longer than `ms` or rejects. */
function withDeadline<T>(promise: Promise<T>, ms: number, fallback: T, clock: SmppDeps['clock']): Promise<T> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, () => resolve(fallback));
    promise.then(
      (value) => {
        cancel();
        resolve(value);
      },
      () => {
        cancel();
        resolve(fallback);
      },
    );
  });
}

async function takeReceipt(pdu: DeliverPdu, receivedAt: Instant, context: DeliverContext): Promise<number> {
  const { deps, smsc, bind, ids } = context;
  const labels = { smsc: smsc.name, bind: bind.name };
  const fields = parseReceipt(userDataOf(pdu), pdu.tlvs);
  if (fields === undefined) {
    receiptsReceived.inc({ ...labels, state: 'unreadable' });
    deps.log.warn({ ...labels, sequence: pdu.sequence }, 'smpp receipt unreadable');
    return status('ESME_ROK');
  }
  receiptsReceived.inc({ ...labels, state: fields.messageState });
  const stored = await withDeadline(
    deps.receiveReceipt({
      ...labels,
      ...fields,
      messageId: ids.receipted(fields.messageId),
      source: normaliseAddress(pdu.body.sourceAddr, pdu.body.sourceAddrTon, smsc.numberPlan),
      receivedAt,
    }),
    context.moAnswerMs,
    false,
    deps.clock,
  );
  return stored ? status('ESME_ROK') : status('ESME_RX_T_APPN');
}
