import type { OutboundSms, SubmitReceipt } from '../../src/notify/ports.ts';
import type { SmppBind } from '../../src/runtime/config/smpp.ts';
import type { Instant } from '../../src/values/instant.ts';
import { sourceTonNpi } from './address.ts';
import type { BodyOf } from './codec/pdu.ts';
import type { Tlvs } from './codec/tlv.ts';
import type { SubmitEnd, SubmitJob } from './submit-queue.ts';
import { chooseCoding } from './text/outgoing.ts';
import { splitText } from './text/split.ts';
import { ESM_UDHI, concatenationHeader } from './text/udh.ts';

/** registered_delivery: a receipt for success and failure (SMPP 3.4 §5.2.17). */
const RECEIPT_WANTED = 1;

/**
 * The submit_sm PDUs of one message, by the bind's profile. Undefined when the text is too long for it.
 *
 * @param reference tells the handset which parts belong together; of the last 256 messages at most one may have it
 */
export function toSubmitJobs(
  mt: OutboundSms,
  bind: SmppBind,
  reference: number,
  expiresAt: Instant,
): SubmitJob[] | undefined {
  const coding = chooseCoding(mt.text, bind.defaultAlphabet);
  const parts = splitText(mt.text, coding, bind.concatenation);
  if (parts === undefined) return undefined;
  const source = sourceTonNpi(mt.source, bind.sourceTon, bind.sourceNpi);
  const common: Partial<BodyOf<'submit_sm'>> = {
    sourceAddrTon: source.ton,
    sourceAddrNpi: source.npi,
    sourceAddr: mt.source,
    destAddrTon: bind.destinationTon,
    destAddrNpi: bind.destinationNpi,
    destinationAddr: mt.destination,
    registeredDelivery: mt.receipt ? RECEIPT_WANTED : 0,
    dataCoding: coding.dataCoding,
  };
  const group = { failed: false };
  return parts.map((octets, index) => {
    const { body, tlvs } = content(octets, { reference, total: parts.length, number: index + 1 }, bind);
    return { body: { ...common, ...body }, tlvs, priority: mt.priority, expiresAt, group };
  });
}

function content(
  octets: Buffer,
  part: { reference: number; total: number; number: number },
  { concatenation }: SmppBind,
): { body: Partial<BodyOf<'submit_sm'>>; tlvs: Tlvs } {
  if (part.total === 1) {
    const long = octets.length > 254 || (concatenation === 'payload' && octets.length > 140);
    return long
      ? { body: {}, tlvs: { messagePayload: octets } }
      : { body: { shortMessage: octets }, tlvs: {} };
  }
  if (concatenation === 'sar') {
    const tlvs = {
      sarMsgRefNum: part.reference,
      sarTotalSegments: part.total,
      sarSegmentSeqnum: part.number,
    };
    return { body: { shortMessage: octets }, tlvs };
  }
  const header = concatenationHeader(part, concatenation === 'udh16');
  return { body: { esmClass: ESM_UDHI, shortMessage: Buffer.concat([header, octets]) }, tlvs: {} };
}

/**
 * One answer for all parts. A message of which some parts were taken is never offered again as a whole: the handset
 * would show it twice, so its fate is `unknown` unless the SMSC refused the rest for good.
 */
export function combineEnds(ends: readonly SubmitEnd[], smsc: string, bind: string): SubmitReceipt {
  const messageIds = ends.flatMap((end) => (end.kind === 'accepted' ? [end.messageId] : []));
  if (messageIds.length === ends.length) {
    return { kind: 'accepted', smsc, bind, messageIds: messageIds.filter((id) => id !== '') };
  }
  const refused = ends.find((end) => end.kind === 'refused');
  if (refused !== undefined) return { kind: 'refused', status: refused.status };
  const unknown = ends.find((end) => end.kind === 'unknown');
  if (unknown !== undefined) return { kind: 'unknown', reason: unknown.reason };
  if (messageIds.length > 0) return { kind: 'unknown', reason: 'only some parts were sent' };
  const retry = ends.find((end) => end.kind === 'retry' && end.reason !== 'another part failed') ?? ends[0]!;
  return retry as SubmitReceipt;
}
