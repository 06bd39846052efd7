/** What the switch knows of one simulated channel; the names are those of FreeSWITCH 1.10.12. */
export interface ChannelFacts {
  readonly uuid: string;
  readonly from: string;
  readonly to: string;
  /** Display name as octets: a Latin-1 name is no UTF-8. */
  readonly name: Buffer;
  readonly startedMs: number;
  readonly variables: ReadonlyMap<string, string>;
}

const CORE = '93bd02be-79d1-46d8-88fc-5f51fa8ac367';
const TIMES = ['Answered', 'Progress', 'Progress-Media', 'Hangup', 'Transfer', 'Resurrect', 'Bridged'];

/** Percent encoding as FreeSWITCH does it: everything but unreserved characters and a few marks, octet by octet. */
export function urlEncode(value: string): string {
  let encoded = '';
  for (const octet of Buffer.from(value, 'latin1')) {
    const character = String.fromCharCode(octet);
    encoded += /[A-Za-z0-9_.,/()*'!~@$&-]/.test(character)
      ? character
      : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

let sequence = 400;

function base(event: string, atMs: number): [string, string][] {
  const at = new Date(atMs);
  return [
    ['Event-Name', event],
    ['Core-UUID', CORE],
    ['FreeSWITCH-Hostname', 'fs1.example'],
    ['FreeSWITCH-Switchname', 'fs1.example'],
    ['FreeSWITCH-IPv4', '192.0.2.10'],
    ['FreeSWITCH-IPv6', '::1'],
    ['Event-Date-Local', at.toISOString().slice(0, 19).replace('T', ' ')],
    ['Event-Date-GMT', at.toUTCString()],
    ['Event-Date-Timestamp', String(atMs * 1000)],
    ['Event-Calling-File', 'switch_core_session.c'],
    ['Event-Calling-Function', 'switch_core_session_exec'],
    ['Event-Calling-Line-Number', '2967'],
    ['Event-Sequence', String(++sequence)],
  ];
}

function caller(prefix: 'Channel' | 'Caller', channel: ChannelFacts): [string, string][] {
  const name = channel.name.toString('latin1');
  const started = String(channel.startedMs * 1000);
  return [
    [`${prefix}-Direction`, 'inbound'],
    [`${prefix}-Logical-Direction`, 'inbound'],
    [`${prefix}-Dialplan`, 'XML'],
    [`${prefix}-Caller-ID-Name`, name],
    [`${prefix}-Caller-ID-Number`, channel.from],
    [`${prefix}-Orig-Caller-ID-Name`, name],
    [`${prefix}-Orig-Caller-ID-Number`, channel.from],
    [`${prefix}-ANI`, channel.from],
    [`${prefix}-Destination-Number`, channel.to],
    [`${prefix}-Unique-ID`, channel.uuid],
    [`${prefix}-Source`, 'mod_sofia'],
    [`${prefix}-Context`, 'public'],
    [`${prefix}-Channel-Name`, `sofia/external/${channel.from}@192.0.2.20`],
    [`${prefix}-Profile-Index`, '1'],
    [`${prefix}-Profile-Created-Time`, started],
    [`${prefix}-Channel-Created-Time`, started],
    ...TIMES.map((time): [string, string] => [`${prefix}-Channel-${time}-Time`, '0']),
    [`${prefix}-Screen-Bit`, 'true'],
    [`${prefix}-Privacy-Hide-Name`, 'false'],
    [`${prefix}-Privacy-Hide-Number`, 'false'],
  ];
}

/** Every header of an event of this channel, in FreeSWITCH's order; one character per octet. */
export function eventHeaders(
  event: string,
  channel: ChannelFacts,
  state: { readonly answer: string; readonly cause?: string | undefined },
  extra: readonly (readonly [string, string])[] = [],
): [string, string][] {
  return [
    ...base(event, Date.now()),
    ...(event === 'CHANNEL_DATA' ? caller('Channel', channel) : []),
    ['Channel-State', 'CS_EXECUTE'],
    ['Channel-Call-State', state.answer === 'answered' ? 'ACTIVE' : 'RINGING'],
    ['Channel-State-Number', '4'],
    ['Channel-Name', `sofia/external/${channel.from}@192.0.2.20`],
    ['Unique-ID', channel.uuid],
    ['Call-Direction', 'inbound'],
    ['Presence-Call-Direction', 'inbound'],
    ['Channel-HIT-Dialplan', 'true'],
    ['Channel-Call-UUID', channel.uuid],
    ['Answer-State', state.answer],
    ...(state.cause === undefined ? [] : [['Hangup-Cause', state.cause] as [string, string]]),
    ['Channel-Read-Codec-Name', 'PCMU'],
    ['Channel-Read-Codec-Rate', '8000'],
    ['Channel-Write-Codec-Name', 'PCMU'],
    ['Channel-Write-Codec-Rate', '8000'],
    ...caller('Caller', channel),
    ...[...channel.variables].map(([name, value]): [string, string] => [`variable_${name}`, value]),
    ...extra.map(([name, value]): [string, string] => [name, value]),
  ];
}
