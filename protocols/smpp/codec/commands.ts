import { status } from '../statuses.ts';
import { Malformed, cString, int32, int8, listOf, shortMessage, timeString, type Field } from './field.ts';

const field = status('ESME_RINVPARLEN');
const sourceAddr = cString(21, status('ESME_RINVSRCADR'));
const destinationAddr = cString(21, status('ESME_RINVDSTADR'));
const longSourceAddr = cString(65, status('ESME_RINVSRCADR'));
const longDestinationAddr = cString(65, status('ESME_RINVDSTADR'));
const serviceType = cString(6, status('ESME_RINVSERTYP'));
const messageId = cString(65, status('ESME_RINVMSGID'));
const scheduleDeliveryTime = timeString(status('ESME_RINVSCHED'));
const validityPeriod = timeString(status('ESME_RINVEXPIRY'));

const bind = {
  systemId: cString(16, status('ESME_RINVSYSID')),
  password: cString(9, status('ESME_RINVPASWD')),
  systemType: cString(13, status('ESME_RINVSYSTYP')),
  interfaceVersion: int8,
  addrTon: int8,
  addrNpi: int8,
  addressRange: cString(41, field),
};
const bindResp = { systemId: cString(16, status('ESME_RINVSYSID')) };

const source = { sourceAddrTon: int8, sourceAddrNpi: int8, sourceAddr };
const destination = { destAddrTon: int8, destAddrNpi: int8, destinationAddr };
const content = {
  esmClass: int8,
  protocolId: int8,
  priorityFlag: int8,
  scheduleDeliveryTime,
  validityPeriod,
  registeredDelivery: int8,
  replaceIfPresentFlag: int8,
  dataCoding: int8,
  smDefaultMsgId: int8,
  shortMessage,
};
const sm = { serviceType, ...source, ...destination, ...content };

/** dest_address of submit_multi: an SME address (flag 1) or a distribution list (flag 2), §5.2.25. */
export type DestAddress =
  | { readonly flag: 1; readonly ton: number; readonly npi: number; readonly address: string }
  | { readonly flag: 2; readonly list: string };

const destinations = listOf<DestAddress>({
  read: (cursor) => {
    const flag = int8.read(cursor);
    if (flag === 2) return { flag, list: destinationAddr.read(cursor) };
    if (flag !== 1) throw new Malformed(status('ESME_RINVDESTFLAG'), 'dest_flag is neither 1 nor 2');
    const ton = int8.read(cursor);
    const npi = int8.read(cursor);
    return { flag, ton, npi, address: destinationAddr.read(cursor) };
  },
  size: (value) => (value.flag === 2 ? value.list.length + 2 : value.address.length + 4),
  write: (into, at, value) => {
    const next = int8.write(into, at, value.flag);
    if (value.flag === 2) return destinationAddr.write(into, next, value.list);
    const address = int8.write(into, int8.write(into, next, value.ton), value.npi);
    return destinationAddr.write(into, address, value.address);
  },
});

/** unsuccess_sme of submit_multi_resp (§4.5.3). */
export interface UnsuccessSme {
  readonly ton: number;
  readonly npi: number;
  readonly address: string;
  readonly errorStatus: number;
}

const unsuccessSmes = listOf<UnsuccessSme>({
  read: (cursor) => ({
    ton: int8.read(cursor),
    npi: int8.read(cursor),
    address: destinationAddr.read(cursor),
    errorStatus: int32.read(cursor),
  }),
  size: (value) => value.address.length + 7,
  write: (into, at, value) => {
    const address = int8.write(into, int8.write(into, at, value.ton), value.npi);
    return int32.write(into, destinationAddr.write(into, address, value.address), value.errorStatus);
  },
});

const none = {};

/** Every PDU of SMPP 3.4 (§4) with its command_id and mandatory parameters in order. */
export const COMMANDS = {
  generic_nack: { id: 0x80000000, fields: none },
  bind_receiver: { id: 0x00000001, fields: bind },
  bind_receiver_resp: { id: 0x80000001, fields: bindResp },
  bind_transmitter: { id: 0x00000002, fields: bind },
  bind_transmitter_resp: { id: 0x80000002, fields: bindResp },
  query_sm: { id: 0x00000003, fields: { messageId, ...source } },
  query_sm_resp: {
    id: 0x80000003,
    fields: { messageId, finalDate: timeString(field), messageState: int8, errorCode: int8 },
  },
  submit_sm: { id: 0x00000004, fields: sm },
  submit_sm_resp: { id: 0x80000004, fields: { messageId } },
  deliver_sm: { id: 0x00000005, fields: sm },
  deliver_sm_resp: { id: 0x80000005, fields: { messageId } },
  unbind: { id: 0x00000006, fields: none },
  unbind_resp: { id: 0x80000006, fields: none },
  replace_sm: {
    id: 0x00000007,
    fields: {
      messageId,
      ...source,
      scheduleDeliveryTime,
      validityPeriod,
      registeredDelivery: int8,
      smDefaultMsgId: int8,
      shortMessage,
    },
  },
  replace_sm_resp: { id: 0x80000007, fields: none },
  cancel_sm: { id: 0x00000008, fields: { serviceType, messageId, ...source, ...destination } },
  cancel_sm_resp: { id: 0x80000008, fields: none },
  bind_transceiver: { id: 0x00000009, fields: bind },
  bind_transceiver_resp: { id: 0x80000009, fields: bindResp },
  outbind: { id: 0x0000000b, fields: { systemId: bind.systemId, password: bind.password } },
  enquire_link: { id: 0x00000015, fields: none },
  enquire_link_resp: { id: 0x80000015, fields: none },
  submit_multi: {
    id: 0x00000021,
    fields: { serviceType, ...source, destAddresses: destinations, ...content },
  },
  submit_multi_resp: { id: 0x80000021, fields: { messageId, unsuccessSmes } },
  alert_notification: {
    id: 0x00000102,
    fields: {
      sourceAddrTon: int8,
      sourceAddrNpi: int8,
      sourceAddr: longSourceAddr,
      esmeAddrTon: int8,
      esmeAddrNpi: int8,
      esmeAddr: longDestinationAddr,
    },
  },
  data_sm: {
    id: 0x00000103,
    fields: {
      serviceType,
      sourceAddrTon: int8,
      sourceAddrNpi: int8,
      sourceAddr: longSourceAddr,
      destAddrTon: int8,
      destAddrNpi: int8,
      destinationAddr: longDestinationAddr,
      esmClass: int8,
      registeredDelivery: int8,
      dataCoding: int8,
    },
  },
  data_sm_resp: { id: 0x80000103, fields: { messageId } },
} as const satisfies Record<string, { id: number; fields: Record<string, Field<unknown>> }>;

export type CommandName = keyof typeof COMMANDS;

/** Requests that no response PDU exists for. */
export const UNANSWERED_COMMANDS: ReadonlySet<string> = new Set(['alert_notification', 'outbind']);

/** The layout of one PDU, ready for loops. */
export interface CommandLayout {
  readonly name: CommandName;
  readonly id: number;
  readonly fields: readonly (readonly [name: string, field: Field<unknown>])[];
}

const layouts = (Object.keys(COMMANDS) as CommandName[]).map((name): CommandLayout => ({
  name,
  id: COMMANDS[name].id,
  fields: Object.entries(COMMANDS[name].fields),
}));
const byId = new Map(layouts.map((layout) => [layout.id, layout]));
const byName = new Map(layouts.map((layout) => [layout.name, layout]));

export function findLayout(id: number): CommandLayout | undefined {
  return byId.get(id);
}

export function getLayout(name: CommandName): CommandLayout {
  return byName.get(name)!;
}

/** Bit 31 of command_id: a response. */
export function isResponseId(id: number): boolean {
  return id >= 0x80000000;
}
