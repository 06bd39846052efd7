import type { PDU } from 'smpp';
import { decodeGsm } from './coding.ts';

/** The whole text of a submit_sm, or undefined while parts of it are missing. */
export interface ReceivedText {
  readonly text: string;
  readonly parts: number;
  readonly dataCoding: number;
}

interface PartInfo {
  readonly reference: number;
  readonly total: number;
  readonly number: number;
}

/**
 * Puts the parts of long messages together again, whichever way the gateway numbered them: UDH with an 8-bit or a
 * 16-bit reference, SAR TLVs, or the whole text in message_payload.
 */
export function partCollector(): (pdu: PDU) => ReceivedText | undefined {
  const open = new Map<string, Map<number, string>>();
  return (pdu) => {
    const dataCoding = pdu.data_coding ?? 0;
    const text = textOf(pdu);
    const part = udhPart(pdu) ?? sarPart(pdu);
    if (part === undefined || part.total <= 1) return { text, parts: 1, dataCoding };
    const key = [pdu.source_addr, pdu.destination_addr, part.reference, part.total].join('|');
    const parts = open.get(key) ?? new Map<number, string>();
    parts.set(part.number, text);
    if (parts.size < part.total) {
      open.set(key, parts);
      return undefined;
    }
    open.delete(key);
    const inOrder = [...parts].sort(([a], [b]) => a - b);
    return { text: inOrder.map(([, piece]) => piece).join(''), parts: part.total, dataCoding };
  };
}

/** The text of one PDU; octets that npm `smpp` left alone are read as the GSM alphabet or as Latin-1. */
export function textOf(pdu: PDU): string {
  const body = pdu.message_payload ?? pdu.short_message;
  const content = body?.message ?? '';
  if (typeof content === 'string') return content;
  return (pdu.data_coding ?? 0) === 0x0f ? decodeGsm(content) : content.toString('latin1');
}

function udhPart(pdu: PDU): PartInfo | undefined {
  const udh = pdu.short_message?.udh;
  for (const element of Array.isArray(udh) ? udh : []) {
    const [id, length, a, b, c, d] = element;
    if (id === 0x00 && length === 3) return { reference: a!, total: b!, number: c! };
    if (id === 0x08 && length === 4) return { reference: (a! << 8) | b!, total: c!, number: d! };
  }
  return undefined;
}

function sarPart(pdu: PDU): PartInfo | undefined {
  const { sar_msg_ref_num: reference, sar_total_segments: total, sar_segment_seqnum: number } = pdu;
  if (reference === undefined || total === undefined || number === undefined) return undefined;
  return { reference, total, number };
}
