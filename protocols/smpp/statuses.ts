/**
 * command_status values (SMPP 3.4 §5.1.3, two from 5.0) with what they mean for a submit.
 *
 * `final`: saying it again will not help. `later`: trouble at the SMSC, offer it again. `slower`: we are too fast.
 */
export type StatusClass = 'ok' | 'final' | 'later' | 'slower';

interface StatusRow {
  readonly code: number;
  readonly class: StatusClass;
  readonly explanation: string;
}

const row = (code: number, explanation: string, kind: StatusClass = 'final'): StatusRow => ({
  code,
  class: kind,
  explanation,
});

export const STATUSES = {
  ESME_ROK: row(0x00, 'no error', 'ok'),
  ESME_RINVMSGLEN: row(0x01, 'message length is invalid'),
  ESME_RINVCMDLEN: row(0x02, 'command length is invalid'),
  ESME_RINVCMDID: row(0x03, 'command id is not known'),
  ESME_RINVBNDSTS: row(0x04, 'not allowed in this bind state', 'later'),
  ESME_RALYBND: row(0x05, 'already bound'),
  ESME_RINVPRTFLG: row(0x06, 'priority flag is invalid'),
  ESME_RINVREGDLVFLG: row(0x07, 'registered delivery flag is invalid'),
  ESME_RSYSERR: row(0x08, 'system error', 'later'),
  ESME_RINVSRCADR: row(0x0a, 'source address is invalid'),
  ESME_RINVDSTADR: row(0x0b, 'destination address is invalid'),
  ESME_RINVMSGID: row(0x0c, 'message id is invalid'),
  ESME_RBINDFAIL: row(0x0d, 'bind failed'),
  ESME_RINVPASWD: row(0x0e, 'password is wrong'),
  ESME_RINVSYSID: row(0x0f, 'system id is not known'),
  ESME_RCANCELFAIL: row(0x11, 'cancel_sm failed'),
  ESME_RREPLACEFAIL: row(0x13, 'replace_sm failed'),
  ESME_RMSGQFUL: row(0x14, 'message queue is full', 'slower'),
  ESME_RINVSERTYP: row(0x15, 'service type is invalid'),
  ESME_RINVNUMDESTS: row(0x33, 'number of destinations is invalid'),
  ESME_RINVDLNAME: row(0x34, 'distribution list name is invalid'),
  ESME_RINVDESTFLAG: row(0x40, 'destination flag is invalid'),
  ESME_RINVSUBREP: row(0x42, 'submit with replace is not allowed'),
  ESME_RINVESMCLASS: row(0x43, 'esm_class is invalid'),
  ESME_RCNTSUBDL: row(0x44, 'cannot submit to the distribution list'),
  ESME_RSUBMITFAIL: row(0x45, 'submit failed'),
  ESME_RINVSRCTON: row(0x48, 'source TON is invalid'),
  ESME_RINVSRCNPI: row(0x49, 'source NPI is invalid'),
  ESME_RINVDSTTON: row(0x50, 'destination TON is invalid'),
  ESME_RINVDSTNPI: row(0x51, 'destination NPI is invalid'),
  ESME_RINVSYSTYP: row(0x53, 'system type is invalid'),
  ESME_RINVREPFLAG: row(0x54, 'replace_if_present flag is invalid'),
  ESME_RINVNUMMSGS: row(0x55, 'number of messages is invalid'),
  ESME_RTHROTTLED: row(0x58, 'throttled: more than the allowed rate', 'slower'),
  ESME_RINVSCHED: row(0x61, 'scheduled delivery time is invalid'),
  ESME_RINVEXPIRY: row(0x62, 'validity period is invalid'),
  ESME_RINVDFTMSGID: row(0x63, 'predefined message is not known'),
  ESME_RX_T_APPN: row(0x64, 'receiver has a temporary fault, deliver again later', 'later'),
  ESME_RX_P_APPN: row(0x65, 'receiver refuses for good, do not deliver again'),
  ESME_RX_R_APPN: row(0x66, 'receiver rejects the message'),
  ESME_RQUERYFAIL: row(0x67, 'query_sm failed'),
  ESME_RINVOPTPARSTREAM: row(0xc0, 'optional parameters do not fit the PDU'),
  ESME_ROPTPARNOTALLWD: row(0xc1, 'optional parameter is not allowed'),
  ESME_RINVPARLEN: row(0xc2, 'parameter length is invalid'),
  ESME_RMISSINGOPTPARAM: row(0xc3, 'expected optional parameter is missing'),
  ESME_RINVOPTPARAMVAL: row(0xc4, 'optional parameter value is invalid'),
  ESME_RDELIVERYFAILURE: row(0xfe, 'delivery failed'),
  ESME_RUNKNOWNERR: row(0xff, 'unknown error', 'later'),
} as const satisfies Record<string, StatusRow>;

export type StatusName = keyof typeof STATUSES;

const BY_CODE = new Map<number, { readonly name: string; readonly row: StatusRow }>(
  Object.entries(STATUSES).map(([name, value]) => [value.code, { name, row: value }]),
);

/** The code of a status by its standard name: `status('ESME_RTHROTTLED')` is 0x58. */
export function status(name: StatusName): number {
  return STATUSES[name].code;
}

/** The standard name, or hexadecimal for codes of a vendor: `0x00000410`. Fit for a metric label. */
export function statusName(code: number): string {
  return BY_CODE.get(code)?.name ?? `0x${code.toString(16).padStart(8, '0')}`;
}

/** For logs: what the code means in words. */
export function explainStatus(code: number): string {
  return BY_CODE.get(code)?.row.explanation ?? 'status of this vendor, see the interface description';
}

/** How to go on after a submit was answered with `code`; vendor codes count as final, as resending may double. */
export function classifyStatus(code: number): StatusClass {
  return BY_CODE.get(code)?.row.class ?? 'final';
}
