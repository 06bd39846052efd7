import { parseEncapsulated, type Encapsulated } from './encapsulated.ts';
import { parseHeaders, type Headers } from './headers.ts';
import { IcapParseError } from './limits.ts';

/** The ICAP header of one request, checked. */
export interface IcapHead {
  readonly method: 'REQMOD' | 'OPTIONS';
  /** Path of the service without slashes at its ends and without query: `reqmod`. */
  readonly service: string;
  readonly headers: Headers;
  readonly encapsulated: Encapsulated;
  /** Octets of body the client sends before it waits; undefined without a Preview header. */
  readonly preview: number | undefined;
  readonly allow204: boolean;
  readonly close: boolean;
}

const START_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e]+) ([A-Za-z]+\/\d{1,3}\.\d{1,3})$/;
const URI = /^icaps?:\/\/(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(?::\d{0,5})?(\/[^?#]*)?(?:\?[^#]*)?$/i;

/** Parses the lines of an ICAP header, start line first. */
export function parseHead(lines: readonly string[]): IcapHead {
  const match = START_LINE.exec(lines[0]!);
  if (match === null) throw new IcapParseError('start_line');
  const [, method, uri, version] = match;
  if (version !== 'ICAP/1.0') {
    throw version!.startsWith('ICAP/')
      ? new IcapParseError('version', 505)
      : new IcapParseError('start_line');
  }
  const path = URI.exec(uri!);
  if (path === null) throw new IcapParseError('uri');
  const headers = parseHeaders(lines.slice(1));
  if (headers.list('host').length !== 1) throw new IcapParseError('host');
  if (method === 'RESPMOD') throw new IcapParseError('method', 405);
  if (method !== 'REQMOD' && method !== 'OPTIONS') throw new IcapParseError('method', 501);
  const encapsulated = parseEncapsulated(method, headers.list('encapsulated'));
  return {
    method,
    service: (path[1] ?? '').replace(/^\/+|\/+$/g, ''),
    headers,
    encapsulated,
    preview: parsePreview(headers.list('preview')),
    allow204: headers.hasToken('allow', '204'),
    close: headers.hasToken('connection', 'close'),
  };
}

function parsePreview(values: readonly string[]): number | undefined {
  if (values.length === 0) return undefined;
  if (values.length > 1 || !/^\d{1,8}$/.test(values[0]!)) throw new IcapParseError('preview');
  return Number(values[0]);
}
