import type { MessageState } from '../../src/notify/ports.ts';
import type { Tlvs } from './codec/tlv.ts';

/** message_state values (SMPP 3.4 §5.2.28). */
const STATE_BY_NUMBER: Readonly<Record<number, MessageState>> = {
  1: 'enroute',
  2: 'delivered',
  3: 'expired',
  4: 'deleted',
  5: 'undeliverable',
  6: 'accepted',
  7: 'unknown',
  8: 'rejected',
};

/** Abbreviations in the text of a receipt (Appendix B); only the first five letters count. */
const STATE_BY_LETTERS: Readonly<Record<string, MessageState>> = {
  enrou: 'enroute',
  deliv: 'delivered',
  expir: 'expired',
  delet: 'deleted',
  undel: 'undeliverable',
  accep: 'accepted',
  unkno: 'unknown',
  rejec: 'rejected',
};

/** A delivery receipt as the centre gave it, its id not normalised yet. */
export interface ReceiptFields {
  /** Empty when the centre names none. */
  readonly messageId: string;
  readonly messageState: MessageState;
  /** The centre's or the network's error, `000` left out. */
  readonly error?: string;
}

/**
 * Reads a receipt from its TLVs first, then from its text, octet by octet whatever data_coding says. Dates are not
 * looked at: a live centre was seen sending `YYMMDDhhmm` itself. Undefined when no state can be made out.
 */
export function parseReceipt(octets: Buffer, tlvs: Tlvs): ReceiptFields | undefined {
  const text = octets.toString('latin1');
  const messageState = stateOf(text, tlvs);
  if (messageState === undefined) return undefined;
  const messageId = tlvs.receiptedMessageId || (find(text, 'id') ?? '');
  const error = networkError(tlvs) ?? find(text, 'err');
  return error === undefined || /^0*$/.test(error)
    ? { messageId, messageState }
    : { messageId, messageState, error };
}

function stateOf(text: string, tlvs: Tlvs): MessageState | undefined {
  if (tlvs.messageState !== undefined) return STATE_BY_NUMBER[tlvs.messageState] ?? 'unknown';
  const letters = find(text, 'stat');
  return letters === undefined
    ? undefined
    : (STATE_BY_LETTERS[letters.slice(0, 5).toLowerCase()] ?? 'unknown');
}

/** The value after `name:` up to the next blank; names are written in any case. */
function find(text: string, name: 'id' | 'stat' | 'err'): string | undefined {
  const found = new RegExp(`(?:^|\\s)${name}:[ ]?([^\\s]{1,64})`, 'i').exec(text)?.[1];
  return found === undefined || /^(sub|dlvrd|submit|done|stat|err|text):?/i.test(found) ? undefined : found;
}

/** network_error_code: network type and a two-octet code, `3:0021` (§5.3.2.31). */
function networkError({ networkErrorCode: value }: Tlvs): string | undefined {
  if (value?.length !== 3) return undefined;
  return value.readUInt16BE(1) === 0
    ? undefined
    : `${value[0]!}:${String(value.readUInt16BE(1)).padStart(4, '0')}`;
}
