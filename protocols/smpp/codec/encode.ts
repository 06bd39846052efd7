import { HEADER_OCTETS } from '../frame.ts';
import { getLayout, isResponseId, type CommandLayout } from './commands.ts';
import type { PduOf } from './pdu.ts';
import type { CommandName } from './commands.ts';
import { writeTlvs } from './tlv.ts';

/** Their message_id is part of the PDU whatever the status says (SMPP 3.4 §4.6.2, §4.7.2). */
const KEEP_BODY: ReadonlySet<CommandName> = new Set(['deliver_sm_resp', 'data_sm_resp']);

/**
 * A PDU as octets. A response with an error status has no body (§4.1.2, §4.4.2).
 *
 * @throws Unencodable when a value of ours does not fit its field: nothing was written, refuse the message
 */
export function encode<C extends CommandName>(pdu: PduOf<C>): Buffer {
  const layout = getLayout(pdu.command);
  const bodiless = pdu.status !== 0 && isResponseId(layout.id) && !KEEP_BODY.has(pdu.command);
  const body = pdu.body as Record<string, unknown>;
  const tlvs = writeTlvs(pdu.tlvs);
  const mandatory = bodiless ? 0 : bodySize(layout, body);
  const total = tlvs.reduce((sum, piece) => sum + piece.length, HEADER_OCTETS + mandatory);
  const into = Buffer.allocUnsafe(total);
  into.writeUInt32BE(total, 0);
  into.writeUInt32BE(layout.id, 4);
  into.writeUInt32BE(pdu.status, 8);
  into.writeUInt32BE(pdu.sequence, 12);
  let at = HEADER_OCTETS;
  if (!bodiless) for (const [name, field] of layout.fields) at = field.write(into, at, body[name]);
  for (const piece of tlvs) at += piece.copy(into, at);
  return into;
}

function bodySize(layout: CommandLayout, body: Record<string, unknown>): number {
  let octets = 0;
  for (const [name, field] of layout.fields) octets += field.size(body[name]);
  return octets;
}
