import type { PDU, PduFields } from 'smpp';

/** How receipts come out when the operator's SMSC is an odd one. */
export type ReceiptFault = 'none' | 'garbled' | 'unknown id' | 'no tlv';

/** Builds the deliver_sm that tells how a submit_sm ended (SMPP 3.4 Appendix B and §5.3.2.12). */
export function receiptFields(
  submitted: PDU,
  messageId: string,
  text: string,
  fault: ReceiptFault,
): PduFields {
  const id = fault === 'unknown id' ? '4294967295' : messageId;
  const stamp = yymmddhhmm(new Date());
  const body =
    fault === 'garbled'
      ? `id${id}sub:dlvrd date:YYMMDDhhmm stat=?? err`
      : `id:${id} sub:001 dlvrd:001 submit date:${stamp} done date:${stamp} stat:DELIVRD err:000 text:${ascii(text)}`;
  return {
    source_addr_ton: submitted.dest_addr_ton ?? 1,
    source_addr_npi: submitted.dest_addr_npi ?? 1,
    source_addr: submitted.destination_addr ?? '',
    dest_addr_ton: submitted.source_addr_ton ?? 0,
    dest_addr_npi: submitted.source_addr_npi ?? 0,
    destination_addr: submitted.source_addr ?? '',
    esm_class: 4,
    data_coding: 0,
    short_message: { message: Buffer.from(body, 'latin1') },
    ...(fault === 'none' || fault === 'unknown id' ? { receipted_message_id: id, message_state: 2 } : {}),
  };
}

function ascii(text: string): string {
  return text.slice(0, 20).replace(/[^\x20-\x7e]/g, '.');
}

function yymmddhhmm(at: Date): string {
  return at.toISOString().replace(/[-T:]/g, '').slice(2, 12);
}
