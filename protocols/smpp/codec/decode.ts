import { HEADER_OCTETS } from '../frame.ts';
import { status } from '../statuses.ts';
import { findLayout, isResponseId, type CommandLayout, type CommandName } from './commands.ts';
import { Malformed, type Cursor } from './field.ts';
import { makePdu, type Pdu } from './pdu.ts';
import { NO_TLVS, readTlvs } from './tlv.ts';

/** Octets of a whole frame that are no valid PDU: whom to answer, with what, and why. */
export interface MalformedPdu {
  readonly kind: 'malformed';
  readonly commandId: number;
  /** Absent when command_id is unknown. */
  readonly command?: CommandName;
  readonly response: boolean;
  readonly sequence: number;
  /** The command_status to answer a request with. */
  readonly status: number;
  /** The command_status that the header carries: meaningful in a response whose body is broken. */
  readonly headerStatus: number;
  /** A constant phrase without content, fit for a log and a metric label. */
  readonly reason: string;
}

export type Decoded = { readonly kind: 'pdu'; readonly pdu: Pdu } | MalformedPdu;

/**
 * Strictly parses one whole frame: mandatory fields within their lengths, sm_length and every TLV inside the PDU.
 * A response may leave its body out, as most centres do with an error status.
 */
export function decode(frame: Buffer): Decoded {
  const commandId = frame.readUInt32BE(4);
  const headerStatus = frame.readUInt32BE(8);
  const sequence = frame.readUInt32BE(12);
  const layout = findLayout(commandId);
  const response = isResponseId(commandId);
  const head = { kind: 'malformed' as const, commandId, response, sequence, headerStatus };
  if (layout === undefined) return { ...head, status: status('ESME_RINVCMDID'), reason: 'command unknown' };
  try {
    return { kind: 'pdu', pdu: decodeBody(frame, layout, headerStatus, sequence, response) };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { ...head, command: layout.name, status: error.status, reason: error.message };
  }
}

function decodeBody(
  frame: Buffer,
  layout: CommandLayout,
  headerStatus: number,
  sequence: number,
  response: boolean,
): Pdu {
  if (response && frame.length === HEADER_OCTETS) {
    return makePdu(layout.name, { sequence, status: headerStatus }) as Pdu;
  }
  const cursor: Cursor = { octets: frame, at: HEADER_OCTETS };
  const body: Record<string, unknown> = {};
  for (const [name, field] of layout.fields) body[name] = field.read(cursor);
  const tlvs = cursor.at === frame.length ? NO_TLVS : readTlvs(cursor);
  return { command: layout.name, status: headerStatus, sequence, body, tlvs } as Pdu;
}
