import type { EslFrame } from './frame.ts';
import { decodeHeader, decodeText, parseHeaders, type EslHeaders } from './headers.ts';

/** An event of FreeSWITCH: decoded values by lower-case header name. */
export type EslEvent = ReadonlyMap<string, string>;

/** The event inside a `text/event-json` or `text/event-plain` frame; undefined when it cannot be read. Never throws. */
export function parseEvent(frame: EslFrame): EslEvent | undefined {
  const type = frame.headers.get('content-type');
  if (type === 'text/event-json') return parseJson(frame.body);
  return type === 'text/event-plain' ? decodeAll(parseHeaders(frame.body)) : undefined;
}

/** The answer to `connect` is an event written as a reply: its header values are encoded like those of an event. */
export function channelData(headers: EslHeaders): EslEvent {
  return decodeAll(headers);
}

function decodeAll(headers: EslHeaders): EslEvent {
  const event = new Map<string, string>();
  for (const [name, value] of headers) event.set(name, decodeHeader(value));
  return event;
}

/** FreeSWITCH puts a Latin-1 octet unescaped into JSON, so the text is decoded tolerantly before it is parsed. */
function parseJson(body: Buffer): EslEvent | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(decodeText(body));
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  const event = new Map<string, string>();
  for (const [name, value] of Object.entries(parsed)) {
    if (typeof value === 'string') event.set(name.toLowerCase(), value);
  }
  return event;
}
